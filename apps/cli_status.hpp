// `troupe status`: from flags to a call of a node's admin API.
#pragma once

#include <caf/expected.hpp>

#include "apps/cli_admin.hpp"

namespace troupe::apps {

struct status_flags {
  admin_flags node;
  bool json = false;
};

struct status_command : admin_request {
  bool json = false;  // the answer as it comes, no tables
};

// Adds the subcommand; `flags` must outlive the parse.
CLI::App* add_status(CLI::App& app, status_flags& flags);

// Returns the call that the flags describe. Errors: invalid_config with a sentence.
caf::expected<status_command> status_command_of(const status_flags& flags,
                                                const config::environment& variables);

}  // namespace troupe::apps
