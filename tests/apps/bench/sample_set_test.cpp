#include "apps/bench/sample_set.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "apps/bench/figures.hpp"

namespace troupe::apps::bench {
namespace {

// The definition, in other words: of n numbers the share q lies at place q * (n - 1), counted from
// 0; between two places the value goes straight from one to the other.
double reference(std::vector<double> values, double share) {
  std::nth_element(values.begin(), values.begin(), values.end());
  std::sort(values.begin(), values.end());
  const double place = share * (static_cast<double>(values.size()) - 1);
  const double low = std::floor(place), high = std::ceil(place);
  const double a = values.at(static_cast<std::size_t>(low));
  const double b = values.at(static_cast<std::size_t>(high));
  return low == high ? a : a * (high - place) + b * (place - low);
}

TEST(percentile, is_known_for_small_sets) {
  const std::vector<double> four{1, 2, 3, 4};
  EXPECT_EQ(percentile(four, 0), 1);
  EXPECT_EQ(percentile(four, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(percentile(four, 0.9), 3.7);
  EXPECT_EQ(percentile(four, 1), 4);
  EXPECT_EQ(percentile(std::vector<double>{7}, 0.99), 7);
  EXPECT_EQ(percentile({}, 0.5), 0);
}

TEST(sample_set, agrees_with_the_reference_on_random_numbers) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_stream from{seed, "test"};
    std::vector<double> values(1 + from.below(500));
    for (double& v : values) v = from.exponential(3) - from.unit();
    sample_set set;
    for (const double v : values) set.add(v);
    const distribution got = set.summary();
    EXPECT_EQ(got.count, values.size());
    EXPECT_NEAR(
        got.mean,
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()),
        1e-9);
    EXPECT_NEAR(got.p50, reference(values, 0.5), 1e-9);
    EXPECT_NEAR(got.p90, reference(values, 0.9), 1e-9);
    EXPECT_NEAR(got.p99, reference(values, 0.99), 1e-9);
    EXPECT_EQ(got.max, *std::max_element(values.begin(), values.end()));
    EXPECT_FALSE(set.is_sampled());
  }
}

TEST(sample_set, is_all_zero_while_empty) {
  const distribution got = sample_set{}.summary();
  EXPECT_EQ(got.count, 0u);
  EXPECT_EQ(got.mean + got.p50 + got.p99 + got.max, 0);
}

TEST(sample_set, keeps_a_uniform_sample_and_exact_sums_beyond_its_bound) {
  sample_set set{2'000};
  constexpr int n = 100'000;
  for (int i = 0; i < n; ++i) set.add(i);
  const distribution got = set.summary();
  EXPECT_TRUE(set.is_sampled());
  EXPECT_EQ(set.sorted().size(), 2'000u);
  EXPECT_EQ(got.count, static_cast<std::uint64_t>(n));
  EXPECT_DOUBLE_EQ(got.mean, (n - 1) / 2.0);
  EXPECT_EQ(got.max, n - 1);
  // Five standard deviations of the median of 2,000 uniform numbers.
  EXPECT_NEAR(got.p50, n / 2.0, 5 * n * 0.5 / std::sqrt(2'000));
}

TEST(sample_set, takes_in_another_one_whole) {
  sample_set both, first, second{10};
  for (int i = 0; i < 5; ++i) first.add(i);
  for (int i = 0; i < 100; ++i) second.add(1'000 + i);
  both.add(first);
  both.add(second);
  const distribution got = both.summary();
  EXPECT_EQ(got.count, 105u);
  EXPECT_NEAR(got.mean, (10 + 104'950.0) / 105, 1e-9);
  EXPECT_EQ(got.max, 1'099);
  EXPECT_TRUE(both.is_sampled());
}

TEST(random_stream, depends_on_each_part_of_its_key_and_on_nothing_else) {
  EXPECT_EQ(random_stream(1, "a", 2).next(), random_stream(1, "a", 2).next());
  const std::uint64_t first = random_stream(1, "a", 2).next();
  EXPECT_NE(first, random_stream(2, "a", 2).next());
  EXPECT_NE(first, random_stream(1, "b", 2).next());
  EXPECT_NE(first, random_stream(1, "a", 3).next());
  EXPECT_NE(mixed_seed(1, 2), mixed_seed(2, 1));
}

TEST(random_stream, draws_what_it_says) {
  random_stream from{3, "moments"};
  constexpr int n = 200'000;
  double unit = 0, exponential = 0, normal = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double u = from.unit();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    unit += u;
    exponential += from.exponential(7);
    const double z = from.normal();
    normal += z;
    squares += z * z;
    ASSERT_LT(from.below(10), 10u);
  }
  EXPECT_NEAR(unit / n, 0.5, 0.005);
  EXPECT_NEAR(exponential / n, 7, 0.1);
  EXPECT_NEAR(normal / n, 0, 0.015);
  EXPECT_NEAR(squares / n, 1, 0.02);
}

}  // namespace
}  // namespace troupe::apps::bench
