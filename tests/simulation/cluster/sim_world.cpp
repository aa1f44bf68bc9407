#include "tests/simulation/cluster/sim_world.hpp"

#include <cstdio>

#include <xxhash.h>

namespace troupe::simulation {

namespace {

std::string stamp(time_point when) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch() -
                                                                        std::chrono::seconds{1'000})
                      .count();
  char text[32];
  std::snprintf(text, sizeof text, "%4lld.%06lld ", static_cast<long long>(us / 1'000'000),
                static_cast<long long>(us % 1'000'000));
  return text;
}

}  // namespace

void sim_trace::note(time_point when, const std::string& line) {
  const auto ns = static_cast<std::uint64_t>(when.time_since_epoch().count());
  hash_ = XXH3_64bits_withSeed(line.data(), line.size(), hash_ ^ ns * 0x9e3779b97f4a7c15ULL);
  if (sink) sink(stamp(when) + line);
}

void sim_trace::broken(time_point when, const std::string& what) {
  note(when, "BROKEN " + what);
  if (violation_.empty()) violation_ = "at" + stamp(when) + what;
}

}  // namespace troupe::simulation
