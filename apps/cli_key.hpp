// The command `troupe key new NAME`: a new API key and the lines that admit it.
#pragma once

#include <string>

#include "apps/cli.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

// Adds the subcommand.
void add_key(CLI::App& app, key_command& key);

// Checks what the parser filled.
command finish_key(const key_command& key);

// Makes a key and returns what is printed: the key, once, and its YAML with nothing but its hash.
std::string new_key_text(const std::string& name);

}  // namespace troupe::apps
