#include "engine/embedded/serve/logprobs.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace troupe::engine {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(natural_log, follows_the_logarithm) {
  std::mt19937_64 random{3};
  for (int i = 0; i < 20'000; ++i) {
    const auto value = random() >> random() % 64;
    if (value == 0) continue;
    ASSERT_NEAR(static_cast<double>(natural_log(value)) * 0x1p-32,
                std::log(static_cast<double>(value)), 1e-9)
        << value;
  }
  EXPECT_EQ(natural_log(1), 0U);
}

TEST(logprobs, are_those_of_the_softmax) {
  std::mt19937 random{5};
  std::normal_distribution<float> spread{0, 4};
  for (int round = 0; round < 50; ++round) {
    std::vector<float> row(300);
    for (auto& logit : row) logit = spread(random);
    double sum = 0;
    for (const auto logit : row) sum += std::exp(static_cast<double>(logit));
    const auto told = make_logprobs(row, round, 5);
    EXPECT_NEAR(told.chosen.logprob, row[static_cast<std::size_t>(round)] - std::log(sum), 1e-5);
    ASSERT_EQ(told.top.size(), 5U);
    for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(told.top[i].rank, i + 1);
  }
}

TEST(logprobs, ties_share_a_rank_and_come_by_token) {
  const auto told = make_logprobs(std::vector{1.F, 3.F, 3.F, 2.F}, 2, 9);
  EXPECT_EQ(told.chosen.rank, 1U);
  std::vector<std::int32_t> order;
  for (const auto& t : told.top) order.push_back(t.token);
  EXPECT_EQ(order, (std::vector<std::int32_t>{1, 2, 3, 0}));
  EXPECT_EQ(told.top[2].rank, 3U);
}

TEST(logprobs, the_certain_token_has_zero_and_the_impossible_minus_infinity) {
  const auto told = make_logprobs(std::vector{-infinity, 7.F, NAN}, 0, 2);
  EXPECT_EQ(told.chosen.logprob, -infinity);
  EXPECT_EQ(told.top[0].logprob, 0.F);
  const auto flat = make_logprobs(std::vector{NAN, -infinity}, 1, 1);
  EXPECT_EQ(flat.chosen.logprob, -infinity);
  const auto high = make_logprobs(std::vector{infinity, 1.F}, 0, 1);
  EXPECT_EQ(high.chosen.logprob, 0.F);
}

// Pins the numbers themselves: they must not change between machines, compilers or versions.
TEST(logprobs, are_these_very_numbers) {
  std::vector<float> row(64);
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = static_cast<float>((i * 2654435761U >> 8) % 1000) / 250.F;
  }
  const auto told = make_logprobs(row, 17, 1);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(told.chosen.logprob), 3234034995U) << told.chosen.logprob;
  EXPECT_EQ(std::bit_cast<std::uint32_t>(told.top[0].logprob), 3224883141U) << told.top[0].logprob;
}

}  // namespace
}  // namespace troupe::engine
