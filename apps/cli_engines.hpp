// `troupe engines`: from flags to a call of a node's admin API.
#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "apps/cli_flags.hpp"
#include "config/environment.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

struct engines_flags {
  std::vector<std::string> words;  // the verb, then what it takes
  flag_text admin;
  flag_text token;
  flag_text weight;
  flag_text requests;
  bool force = false;
};

// A call of the admin API.
struct engines_command {
  std::string host;
  std::uint16_t port = 0;
  std::string token;
  std::string method;
  std::string target;
  std::string body;
  bool as_table = false;  // the answer is a list of engines to be shown
};

// Adds the subcommand; `flags` must outlive the parse.
CLI::App* add_engines(CLI::App& app, engines_flags& flags);

// Returns the call that the flags describe. Errors: invalid_config with a sentence.
caf::expected<engines_command> engines_command_of(const engines_flags& flags,
                                                  const config::environment& variables);

}  // namespace troupe::apps
