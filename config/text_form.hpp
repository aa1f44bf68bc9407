// The forms that texts in a configuration file have.
#pragma once

#include <string>

namespace troupe::config {

enum class text_form {
  any,     // up to 4 KiB without control characters
  name,    // of a node or an engine
  listen,  // ADDRESS:PORT
  url,     // http://HOST:PORT or https://HOST:PORT
  path,    // of a file; relative to the folder of the configuration file
  model,   // name of a model in the API: 1 to 256 bytes without spaces
  secret,  // visible ASCII; no mistake shows it
  sha256,  // 64 hexadecimal digits; no mistake shows it, for it may be a key put in the wrong place
  peer,    // HOST:PORT of another node
  host,    // name of a host
};

// Returns the end of a sentence about a text that breaks its form; empty: it is fine.
std::string form_mistake(text_form form, const std::string& text);

}  // namespace troupe::config
