// `troupe engines`: from flags to a call of a node's admin API.
#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "apps/cli_admin.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

struct engines_flags {
  std::vector<std::string> words;  // the verb, then what it takes
  admin_flags node;
  flag_text weight;
  flag_text requests;
  bool force = false;
};

struct engines_command : admin_request {
  bool as_table = false;  // the answer is a list of engines to be shown
};

// Adds the subcommand; `flags` must outlive the parse.
CLI::App* add_engines(CLI::App& app, engines_flags& flags);

// Returns the call that the flags describe. Errors: invalid_config with a sentence.
caf::expected<engines_command> engines_command_of(const engines_flags& flags,
                                                  const config::environment& variables);

}  // namespace troupe::apps
