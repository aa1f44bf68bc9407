// Learning the cost of prefill and the length of tokens.
#include "actors/router/cost_model.hpp"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

TEST(prefill_cost, learns_what_a_token_costs) {
  prefill_cost cost;
  std::mt19937 random{1};
  for (int i = 0; i < 100; ++i) {
    const double k = 100 + random() % 3'000;
    cost.observe(random() % 5'000, k, 5e-3 + 50e-6 * k);
  }
  EXPECT_NEAR(cost.seconds(0, 2'000), 0.105, 0.01);
  EXPECT_NEAR(cost.seconds(8'000, 1'000), 0.055, 0.01);
}

TEST(prefill_cost, learns_that_attention_grows) {
  prefill_cost cost;
  std::mt19937 random{2};
  const double a = 2e-8, b = 4e-5;
  for (int i = 0; i < 300; ++i) {
    const double c = random() % 30'000, k = 50 + random() % 4'000;
    cost.observe(c, k, b * k + a * k * (c + k / 2));
  }
  EXPECT_NEAR(cost.seconds_per_pair(), a, a / 5);
  EXPECT_NEAR(cost.seconds(20'000, 1'000), b * 1'000 + a * 1'000 * 20'500, 0.05);
}

TEST(prefill_cost, leaves_a_prior_that_is_far_off) {
  prefill_cost slow;  // a CPU: 226 tokens a second
  for (int i = 0; i < 20; ++i) slow.observe(0, 500 + 10 * i, (500 + 10 * i) / 226.0);
  EXPECT_NEAR(slow.seconds(0, 1'000), 4.4, 0.5);
}

TEST(prefill_cost, is_not_thrown_by_one_wild_measurement) {
  prefill_cost cost;
  for (int i = 0; i < 50; ++i) cost.observe(0, 1'000, 0.05);
  cost.observe(0, 1'000, 500);
  EXPECT_LT(cost.seconds(0, 1'000), 0.06);
  cost.observe(0, 1'000, 1e-9);
  EXPECT_GT(cost.seconds(0, 1'000), 0.045);
}

TEST(prefill_cost, follows_an_engine_that_changed) {
  prefill_cost cost;
  for (int i = 0; i < 200; ++i) cost.observe(0, 1'000, 0.05);
  for (int i = 0; i < 200; ++i) cost.observe(0, 1'000, 0.4);
  EXPECT_NEAR(cost.seconds(0, 1'000), 0.4, 0.05);
}

TEST(prefill_cost, leaves_out_nonsense_and_stays_in_bounds) {
  prefill_cost cost;
  const auto before = cost.seconds(0, 100);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, -infinity, -1.0, 0.0}) {
    cost.observe(0, 100, bad);
    cost.observe(0, bad, 1);
  }
  cost.observe(-1, 100, 1);
  cost.observe(0, infinity, 1);
  cost.observe(0, 100, infinity);
  EXPECT_EQ(cost.observations(), 0u);
  EXPECT_EQ(cost.seconds(0, 100), before);
  for (int i = 0; i < 100; ++i) cost.observe(1e9, 1, 1e300);
  EXPECT_TRUE(std::isfinite(cost.seconds(1e6, 1e6)));
  EXPECT_LE(cost.seconds_per_token(), 1.0);
  EXPECT_GE(cost.seconds_per_pair(), 0.0);
  EXPECT_EQ(cost.seconds(100, 0), 0.0);
  EXPECT_EQ(cost.seconds(100, -5), 0.0);
}

TEST(token_ratio, learns_and_stays_in_bounds) {
  token_ratio ratio;
  EXPECT_DOUBLE_EQ(ratio.tokens(4'000), 1'000);
  for (int i = 0; i < 100; ++i) ratio.observe(3'000, 2'000);
  EXPECT_NEAR(ratio.tokens(3'000), 2'000, 20);
  EXPECT_NEAR(ratio.bytes(2'000), 3'000, 30);
  for (int i = 0; i < 2'000; ++i) ratio.observe(1e9, 1);
  EXPECT_LE(ratio.bytes(1), 64);
  for (int i = 0; i < 5'000; ++i) ratio.observe(1, 1e9);
  EXPECT_GE(ratio.bytes(1), 0.5);
  ratio.observe(0, 5);
  ratio.observe(5, 0);
  EXPECT_TRUE(std::isfinite(ratio.tokens(100)));
}

}  // namespace
}  // namespace troupe::actors
