// An endpoint to measure: where it is and what it is called in reports.
//
// Errors: invalid_config with the end of a sentence about the argument.
#pragma once

#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "transport/http/message.hpp"

namespace troupe::apps::bench {

struct target {
  std::string name;  // as given, else HOST:PORT
  std::string url;   // as given, without the name
  transport::http::endpoint at;
  std::string path;  // before /v1; empty for most

  bool is_sealed() const { return url.starts_with("https://"); }
};

// Reads URL or NAME=URL. A path may follow the port; its end /v1 is left out, for requests have it.
caf::expected<target> parse_target(std::string_view text);

}  // namespace troupe::apps::bench
