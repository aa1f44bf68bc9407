// The flags of `troupe bench load` and `troupe bench multi-round`: how each is shown and read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/bench/settings.hpp"
#include "apps/cli_flags.hpp"

namespace troupe::apps {

inline constexpr std::uint64_t bench_requests_max = 1'000'000;  // of one run: each is remembered

struct bench_flag {
  const char* name;
  const char* type;
  const char* help;
  std::function<void(flag_reader&, const char*, const flag_text&, bench::bench_settings&)> read;
};

// Returns the flags that take a value, in the order of the help.
const std::vector<bench_flag>& bench_flags_of(bench::bench_kind kind);

}  // namespace troupe::apps
