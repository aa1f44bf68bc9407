// `troupe bench load` and `troupe bench multi-round`: from flags to the settings of a benchmark.
#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "apps/bench/settings.hpp"
#include "apps/cli_flags.hpp"
#include "config/environment.hpp"

namespace CLI {
class App;
}

namespace troupe::apps {

// What the parser fills for one of the two commands.
struct bench_flags {
  std::vector<std::string> targets;
  std::vector<std::string> headers;
  std::vector<flag_text> texts;
  bool stop_early = false;
  bool insecure = false;
};

struct bench_flag_sets {
  bench_flags load;
  bench_flags multi_round;
};

// Adds the subcommand and its two; `flags` must outlive the parse.
CLI::App* add_bench(CLI::App& app, bench_flag_sets& flags);

// Returns what the flags and the variable OPENAI_API_KEY describe.
//
// Errors: invalid_config with a sentence that says what to do instead.
caf::expected<bench::bench_settings> bench_settings_of(bench::bench_kind kind,
                                                       const bench_flags& flags,
                                                       const config::environment& variables);

}  // namespace troupe::apps
