#include "tests/simulation/cluster/sim_cluster.hpp"

#include <set>

#include <gtest/gtest.h>

#include "runtime/log.hpp"
#include "tests/simulation/cluster/shrink.hpp"

namespace troupe::simulation {
namespace {

using namespace std::chrono_literals;

struct quiet : testing::Test {
  quiet() { log::configure(log::level::error, false, ""); }
  ~quiet() override { log::configure(log::level::info, false, ""); }
};
using cluster_simulation = quiet;

bool breaks(const fault_plan& plan) {
  return !simulate(plan).violation.empty();
}

TEST_F(cluster_simulation, holds_for_many_seeds) {
  constexpr std::uint64_t seeds = 500;
  std::uint64_t completed = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto plan = draw_plan(seed);
    const auto result = simulate(plan);
    completed += result.completed;
    if (result.violation.empty()) continue;
    FAIL() << result.violation << "\n"
           << to_string(plan) << "\nshrunk to " << to_string(shrink(plan, breaks));
  }
  EXPECT_GT(completed, seeds * 50) << "hardly anything was asked";
}

// Its engines end one after the other: a request that one lost could lose the next one too.
TEST_F(cluster_simulation, no_request_loses_two_engines_of_a_node) {
  constexpr std::uint64_t seeds = 50;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    fault_plan plan{.seed = seed, .routers = 2, .engines = 2, .engines_each = 2};
    plan.requests_max = seed % 2 == 0 ? 2 : 0;
    for (const std::size_t node : {2, 3, 2, 3, 2}) {
      const auto before = plan.faults.empty() ? faults_begin : plan.faults.back().at;
      plan.faults.push_back({.at = before + 2'000ms, .lasting = 300ms, .node = node});
    }
    const auto result = simulate(plan);
    EXPECT_EQ(result.violation, "") << to_string(plan);
    EXPECT_EQ(result.lost_twice, 0u) << to_string(plan);
  }
}

// Of plans that broke something, what it took.
TEST_F(cluster_simulation, holds_for_what_once_broke) {
  using enum fault_kind;
  const fault_plan two_cut_off_at_once{.seed = 2'748,
                                       .engines = 2,
                                       .placed = 2,
                                       .requests_max = 2,
                                       .stalls = false,
                                       .faults = {{actor_dies, 2'002ms, 76ms, 1},
                                                  {leave, 2'986ms, 80ms, 1},
                                                  {isolate, 3'694ms, 934ms, 1},
                                                  {isolate, 4'197ms, 466ms, 2}}};
  const fault_plan leaves_before_it_is_up{
      .seed = 692,
      .stalls = false,
      .faults = {{leave, 2'017ms, 1'230ms, 1}, {leave, 3'276ms, 53ms, 1}}};
  const fault_plan successor_leaves_at_once{
      .seed = 11'530,
      .engines = 3,
      .placed = 1,
      .per_node_max = 1,
      .stalls = false,
      .faults = {{leave, 2'051ms, 2'288ms, 1}, {leave, 4'779ms, 89ms, 1}}};
  for (const auto& plan : {two_cut_off_at_once, leaves_before_it_is_up, successor_leaves_at_once}) {
    EXPECT_EQ(simulate(plan).violation, "") << to_string(plan);
  }
}

TEST_F(cluster_simulation, one_seed_gives_one_trace) {
  constexpr std::uint64_t seeds = 40;
  std::set<std::uint64_t> distinct;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto first = simulate(draw_plan(seed)).hash;
    EXPECT_EQ(first, simulate(draw_plan(seed)).hash) << "seed " << seed;
    distinct.insert(first);
  }
  EXPECT_EQ(distinct.size(), seeds);
}

}  // namespace
}  // namespace troupe::simulation
