#include "engine/embedded/serve/sampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace troupe::engine {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::map<std::int32_t, int> histogram(const std::vector<float>& logits, sampling_params params,
                                      int draws) {
  sampler chooser;
  std::map<std::int32_t, int> counts;
  for (int i = 0; i < draws; ++i) {
    ++counts[chooser.sample(logits, params, static_cast<std::uint64_t>(i), {})];
  }
  return counts;
}

// Known answers of the reference implementation (Random123, kat_vectors).
TEST(philox, gives_the_published_answers) {
  using words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}),
            (words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(exp2_weight, follows_the_exponential) {
  for (std::uint64_t units = 0; units < std::uint64_t{20} << 32; units += 123'456'789) {
    const auto exact = std::exp2(44.0 - static_cast<double>(units) / 0x1p32);
    EXPECT_NEAR(static_cast<double>(exp2_weight(units)) / exact, 1.0, 2e-6) << units;
  }
  EXPECT_EQ(exp2_weight(0), std::uint64_t{1} << 44);
  EXPECT_EQ(exp2_weight(std::uint64_t{44} << 32), 1U);
  EXPECT_EQ(exp2_weight(std::uint64_t{45} << 32), 0U);
}

TEST(exp2_weight, never_rises) {
  auto before = exp2_weight(0);
  for (std::uint64_t units = 0; units < std::uint64_t{3} << 32; units += 0x100 * 4099) {
    ASSERT_LE(exp2_weight(units), before) << units;
    before = exp2_weight(units);
  }
}

TEST(sampler, greedy_takes_the_largest_and_the_lowest_id_among_equals) {
  sampler chooser;
  const sampling_params greedy{.temperature = 0};
  EXPECT_EQ(chooser.sample(std::vector{1.F, 5.F, 3.F, 5.F}, greedy, 0, {}), 1);
  EXPECT_EQ(chooser.sample(std::vector{-infinity, -7.F, NAN}, greedy, 0, {}), 1);
  EXPECT_EQ(chooser.sample(std::vector{NAN, -infinity}, greedy, 0, {}), 0);
}

TEST(sampler, never_chooses_a_banned_token) {
  sampler chooser;
  const std::vector logits{1.F, 9.F, 8.F};
  const std::vector<std::int32_t> banned{1};
  EXPECT_EQ(chooser.sample(logits, {.temperature = 0}, 0, banned), 2);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    ASSERT_NE(chooser.sample(logits, {.temperature = 2}, i, banned), 1);
  }
}

TEST(sampler, draws_by_the_softmax_of_the_scaled_logits) {
  const std::vector logits{0.F, 1.F, 2.F, -1.F};
  for (const double temperature : {0.5, 1.0, 3.0}) {
    const auto counts = histogram(logits, {.temperature = temperature, .seed = 7}, 40'000);
    double total = 0;
    for (const auto logit : logits) total += std::exp(logit / temperature);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const auto token = static_cast<std::int32_t>(i);
      const auto share = counts.contains(token) ? counts.at(token) / 40'000.0 : 0.0;
      EXPECT_NEAR(share, std::exp(logits[i] / temperature) / total, 0.012) << i;
    }
  }
}

TEST(sampler, depends_on_seed_and_position_and_on_nothing_else) {
  sampler used, fresh;
  std::vector<float> logits(500);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 37) / 9.F;
  std::vector<std::int32_t> first, second, other_seed;
  for (std::uint64_t position = 0; position < 64; ++position) {
    first.push_back(used.sample(logits, {.top_p = 0.9, .seed = 1}, position, {}));
    used.sample(logits, {.top_k = 3, .seed = 99}, position, {});
    other_seed.push_back(used.sample(logits, {.top_p = 0.9, .seed = 2}, position, {}));
  }
  for (std::uint64_t position = 64; position-- > 0;) {
    second.insert(second.begin(), fresh.sample(logits, {.top_p = 0.9, .seed = 1}, position, {}));
  }
  EXPECT_EQ(first, second);
  EXPECT_NE(first, other_seed);
}

// Pins the draws themselves: they must not change between machines, compilers or versions.
TEST(sampler, gives_these_very_tokens) {
  sampler chooser;
  std::vector<float> logits(64);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logits[i] = static_cast<float>((i * 2654435761U >> 8) % 1000) / 250.F;
  }
  std::vector<std::int32_t> plain, filtered;
  for (std::uint64_t position = 0; position < 8; ++position) {
    plain.push_back(chooser.sample(logits, {.seed = 42}, position, {}));
    filtered.push_back(chooser.sample(
        logits, {.temperature = 0.7, .top_p = 0.8, .min_p = 0.05, .top_k = 20, .seed = 42},
        position, {}));
  }
  EXPECT_EQ(plain, (std::vector<std::int32_t>{29, 20, 40, 40, 52, 19, 46, 28}));
  EXPECT_EQ(filtered, (std::vector<std::int32_t>{10, 1, 28, 28, 46, 56, 37, 10}));
}

TEST(sampler, top_k_keeps_the_k_best) {
  const std::vector logits{3.F, 1.F, 2.F, 3.F, 0.F};
  const auto two = histogram(logits, {.temperature = 5, .top_k = 2}, 3000);
  EXPECT_EQ(two.size(), 2U);
  EXPECT_TRUE(two.contains(0) && two.contains(3));
  const auto one = histogram(logits, {.temperature = 5, .top_k = 1}, 300);
  EXPECT_EQ(one.size(), 1U);
  EXPECT_TRUE(one.contains(0));  // the tie goes to the lowest id
  EXPECT_EQ(histogram(logits, {.temperature = 5, .top_k = 99}, 3000).size(), 5U);
}

TEST(sampler, top_p_keeps_the_smallest_set_that_reaches_p) {
  // Shares 0.5, 0.25, 0.125, 0.125 exactly.
  const auto ln2 = std::log(2.F);
  const std::vector logits{0.F, -ln2, -2 * ln2, -2 * ln2};
  EXPECT_EQ(histogram(logits, {.top_p = 0.45}, 2000).size(), 1U);
  EXPECT_EQ(histogram(logits, {.top_p = 0.6}, 2000).size(), 2U);
  EXPECT_EQ(histogram(logits, {.top_p = 0.8}, 2000).size(), 3U);
  EXPECT_EQ(histogram(logits, {.top_p = 1.0}, 2000).size(), 4U);
  EXPECT_EQ(histogram(logits, {.top_p = 1e-9}, 100).size(), 1U);
}

TEST(sampler, top_p_is_a_share_of_what_top_k_leaves) {
  const auto ln2 = std::log(2.F);
  const std::vector logits{0.F, -ln2, -2 * ln2, -2 * ln2};
  // Of {0.5, 0.25} the first is two thirds: enough for 0.6, though it is half of everything.
  EXPECT_EQ(histogram(logits, {.top_p = 0.6, .top_k = 2}, 2000).size(), 1U);
}

TEST(sampler, min_p_drops_what_is_far_below_the_best) {
  const auto ln2 = std::log(2.F);
  const std::vector logits{0.F, -ln2, -3 * ln2};
  EXPECT_EQ(histogram(logits, {.min_p = 0.4}, 2000).size(), 2U);
  EXPECT_EQ(histogram(logits, {.min_p = 0.1}, 2000).size(), 3U);
  EXPECT_EQ(histogram(logits, {.min_p = 1.0}, 500).size(), 1U);
}

TEST(sampler, bears_extreme_logits_and_temperatures) {
  sampler chooser;
  const std::vector logits{infinity, 0.F, infinity, -infinity, NAN, 3e38F};
  for (const double temperature : {1.1e-5, 1.0, 1e9}) {
    const auto token = chooser.sample(logits, {.temperature = temperature}, 3, {});
    EXPECT_TRUE(token == 0 || token == 2);
  }
  EXPECT_EQ(chooser.sample(std::vector{-3e38F, 3e38F}, {.temperature = 1}, 0, {}), 1);
}

}  // namespace
}  // namespace troupe::engine
