// `troupe bench`: runs what the settings say and reports.
#pragma once

#include "apps/bench/settings.hpp"

namespace troupe::apps::bench {

// Measures the endpoints in turn; the table goes to stdout, progress and failures to stderr.
// Returns an exit code: 0, or 1 where more requests failed than may, or nothing could be measured.
int run_bench(const bench_settings& settings);

}  // namespace troupe::apps::bench
