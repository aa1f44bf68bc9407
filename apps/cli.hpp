// The command line of `troupe`, as a function from arguments to what is to be done. Starts nothing.
//
// Errors: a `finished` with exit code 2 and one sentence that says what to do instead.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "apps/bench/settings.hpp"
#include "apps/check_files.hpp"
#include "apps/cli_engines.hpp"
#include "apps/cli_status.hpp"
#include "apps/cli_up.hpp"
#include "config/environment.hpp"
#include "config/topology.hpp"
#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/serve/engine_options.hpp"

namespace troupe::apps {

// The exit codes of every command.
inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;    // something went wrong at run time
inline constexpr int exit_bad_usage = 2;  // a flag or the configuration is wrong

struct engine_command {
  engine::engine_options options;
};

struct tiny_model_command {
  std::string path;
  engine::tiny_model_options options;
};

// A new API key, printed once.
struct key_command {
  std::string name;
};

// The key of a cluster, written to a file.
struct keygen_command {
  std::string file;
};

enum class schema_format { json, markdown };

struct schema_command {
  schema_format format = schema_format::json;
};

struct bench_command {
  bench::bench_settings settings;
};

struct version_command {};

// Nothing is left to do but to print: help to stdout where the code is 0, else a sentence to
// stderr.
struct finished {
  int exit_code = exit_success;
  std::string text;
};

using command = std::variant<up_command, engine_command, engines_command, status_command,
                             check_command, key_command, keygen_command, tiny_model_command,
                             schema_command, bench_command, version_command, finished>;

// Reads the arguments after the program's name. Files that `up` names are read, too.
command parse_command(const std::vector<std::string>& arguments,
                      const config::environment& variables);

}  // namespace troupe::apps
