// `troupe up`: from flags, and the file they may name, to the spec of the node to run.
#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "apps/cli_flags.hpp"
#include "config/environment.hpp"
#include "config/topology.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

struct up_flags {
  flag_text file;
  flag_text node;
  std::vector<std::string> engine_urls;
  flag_text model;
  flag_text engines;
  flag_text engine_threads;
  flag_text host;
  flag_text port;
  flag_text policy;
  flag_text threads;
  flag_text log_level;
  flag_text log_format;
};

// Adds the subcommand; `flags` must outlive the parse.
CLI::App* add_up(CLI::App& app, up_flags& flags);

struct up_command {
  config::node_spec node;     // with what the flags override
  config::topology topology;  // of the file, as it is; empty without one
};

// Returns what the flags describe: the file's node, with what they override.
//
// Which node: --node, else $TROUPE_NODE, else the one of the host's name; the only one needs no
// name. Errors: invalid_config with a sentence, or with one line per mistake of the file.
caf::expected<up_command> up_command_of(const up_flags& flags,
                                        const config::environment& variables);

}  // namespace troupe::apps
