// `troupe engine`: from flags to the options of an embedded engine, and from options back to flags.
#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "apps/cli_flags.hpp"
#include "config/topology.hpp"
#include "engine/embedded/serve/engine_options.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

// The flags as they were given, by name; which there are is a table in cli_engine.cpp.
struct engine_flags {
  std::vector<flag_text> texts;
};

// Adds the subcommand; `flags` must outlive the parse.
CLI::App* add_engine(CLI::App& app, engine_flags& flags);

// Returns the options that the flags describe. Errors: invalid_config with a sentence.
caf::expected<engine::engine_options> engine_options_of(const engine_flags& flags);

// Returns the options with which a node starts one engine of a group: on a free port of 127.0.0.1.
engine::engine_options engine_options_of(const config::node_spec& node,
                                         const config::engine_spec& group);

// Returns the arguments after the program's name, `engine` first, that describe these options.
std::vector<std::string> engine_arguments(const engine::engine_options& options);

}  // namespace troupe::apps
