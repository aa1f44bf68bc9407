// Policies in a simulated cluster: spread and cache at once.
#include <algorithm>

#include <gtest/gtest.h>

#include "config/topology_names.hpp"
#include "tests/actors/router/cluster_sim.hpp"

namespace troupe::actors::sim {
namespace {

using config::routing_policy;

double worst_share(const outcome& of) {
  double sum = 0, most = 0;
  for (const auto n : of.requests) {
    sum += n;
    most = std::max<double>(most, n);
  }
  return most * static_cast<double>(of.requests.size()) / sum;
}

class seeds : public testing::TestWithParam<std::uint32_t> {};

TEST_P(seeds, users_with_a_shared_system_prompt_spread_and_keep_their_cache) {
  const auto got = run({.cache_tokens = 40'000, .seed = GetParam()}, {});
  EXPECT_LT(worst_share(got), 1.5);
  EXPECT_GT(got.later_hit_rate, 0.93);
  EXPECT_GE(got.hit_rate, 0.84);
  EXPECT_LT(got.ttft_mean_s, 0.060);
  EXPECT_NEAR(got.predicted_hit_rate, got.hit_rate, 0.05);
}

TEST_P(seeds, also_when_they_come_one_at_a_time) {
  const auto got = run({.cache_tokens = 40'000, .seed = GetParam()}, {.one_at_a_time = true});
  EXPECT_LT(worst_share(got), 1.5);
  EXPECT_GT(got.later_hit_rate, 0.85);
}

TEST_P(seeds, prefix_beats_the_policies_that_do_not_look) {
  const auto mean = [](routing_policy policy) {
    return run({.policy = policy, .cache_tokens = 40'000, .seed = GetParam()}, {}).ttft_mean_s;
  };
  const auto prefix = mean(routing_policy::prefix);
  EXPECT_LT(prefix * 2, mean(routing_policy::round_robin));
  EXPECT_LT(prefix * 2, mean(routing_policy::least_loaded));
}

TEST_P(seeds, a_heavier_engine_gets_proportionally_more_under_every_policy) {
  // Prefill so short that it does not matter that the heavy engine here is no faster.
  const workload busy{.users = 900,
                      .rounds = 2,
                      .requests_per_s = 30,
                      .system_bytes = 0,
                      .context_bytes = 200,
                      .question_bytes = 40,
                      .answer_tokens = 240};
  for (const auto policy : {routing_policy::round_robin, routing_policy::least_loaded,
                            routing_policy::prefix, routing_policy::session}) {
    SCOPED_TRACE(config::to_string(policy));
    const auto got = run({.policy = policy, .seed = GetParam(), .weights = {3, 1, 1, 1}}, busy);
    double sum = 0;
    for (const auto n : got.requests) sum += n;
    EXPECT_NEAR(got.requests[0] / sum, 0.5, 0.08);
    for (int e = 1; e < 4; ++e) EXPECT_NEAR(got.requests[e] / sum, 1.0 / 6, 0.05);
  }
}

TEST_P(seeds, sessions_keep_their_engine_while_it_has_its_share_only) {
  const auto got =
      run({.policy = routing_policy::session, .cache_tokens = 60'000, .seed = GetParam()},
          {.users = 96});
  EXPECT_LT(worst_share(got), 1.5);
  EXPECT_GT(got.later_hit_rate, 0.6);
}

INSTANTIATE_TEST_SUITE_P(policy_sim, seeds, testing::Range(1U, 6U));

TEST(policy_sim, repeats_itself_from_its_seed) {
  const auto a = run({.seed = 9}, {}), b = run({.seed = 9}, {});
  EXPECT_EQ(a.requests, b.requests);
  EXPECT_EQ(a.ttft_mean_s, b.ttft_mean_s);
}

}  // namespace
}  // namespace troupe::actors::sim
