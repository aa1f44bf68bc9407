// troupe-sim: runs a whole cluster from seeds, and shows what breaks.
//
//   troupe_sim --seed S [--trace]       one seed; its plan, hash and result
//   troupe_sim --seeds N [--first F]    N seeds; stops at the first that breaks, and shrinks its
//   plan
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "runtime/log.hpp"
#include "tests/simulation/cluster/shrink.hpp"
#include "tests/simulation/cluster/sim_cluster.hpp"

namespace {

using namespace troupe::simulation;

void print(const fault_plan& plan, const sim_result& result) {
  std::printf("%s\n", to_string(plan).c_str());
  std::printf("hash %016" PRIx64 ", %" PRIu64 " requests, %" PRIu64 " completed, at most %" PRIu64
              " attempts each, %" PRIu64 " records lost, %" PRIu64 " leases leaked\n",
              result.hash, result.requests, result.completed, result.attempts_max,
              result.records_lost, result.leases_leaked);
  if (!result.violation.empty()) std::printf("BROKEN %s\n", result.violation.c_str());
}

int run_one(std::uint64_t seed, bool trace) {
  const auto plan = draw_plan(seed);
  trace_sink sink;
  if (trace) sink = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  const auto result = simulate(plan, {}, sink);
  print(plan, result);
  return result.violation.empty() ? 0 : 1;
}

int run_many(std::uint64_t first, std::uint64_t count) {
  sim_result sum;
  for (auto seed = first; seed < first + count; ++seed) {
    const auto plan = draw_plan(seed);
    const auto result = simulate(plan);
    sum.requests += result.requests;
    sum.completed += result.completed;
    sum.attempts_max = std::max(sum.attempts_max, result.attempts_max);
    sum.records_lost += result.records_lost;
    sum.leases_leaked += result.leases_leaked;
    if (result.violation.empty()) continue;
    print(plan, result);
    const auto least =
        shrink(plan, [](const fault_plan& each) { return !simulate(each).violation.empty(); });
    std::printf("shrunk to:\n");
    print(least, simulate(least));
    return 1;
  }
  std::printf("%" PRIu64 " seeds: %" PRIu64 " requests, %" PRIu64 " completed, at most %" PRIu64
              " attempts each, %" PRIu64 " records lost, %" PRIu64 " leases leaked\n",
              count, sum.requests, sum.completed, sum.attempts_max, sum.records_lost,
              sum.leases_leaked);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs whole clusters in one thread, each from a seed.", "troupe_sim"};
  std::uint64_t seed = 0, seeds = 0, first = 1;
  bool trace = false, verbose = false;
  auto* one = app.add_option("--seed", seed, "run this seed and print its plan and hash");
  app.add_option("--seeds", seeds, "run so many seeds, and shrink the first that breaks")
      ->excludes(one);
  app.add_option("--first", first, "the first of --seeds");
  app.add_flag("--trace", trace, "with --seed: print all that happens");
  app.add_flag("--log", verbose, "print the nodes' own log as well");
  app.require_option(1, 0);
  app.footer("A plan's faults, each at a time and for a time:\n" + describe_faults() +
             "A plan that breaks is shrunk until it needs each of its faults, and each so long.\n"
             "The trace shows the steps of a node that leaves as \"n1 leaves: STEP\".");
  CLI11_PARSE(app, argc, argv);
  troupe::log::configure(verbose ? troupe::log::level::debug : troupe::log::level::error, false,
                         "");
  return one->count() != 0 ? run_one(seed, trace) : run_many(first, seeds);
}
