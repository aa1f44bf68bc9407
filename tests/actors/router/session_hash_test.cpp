// Consistent hashing with bounded loads: the bound, the stability, the shares.
#include "actors/router/session_hash.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "runtime/rendezvous.hpp"

namespace troupe::actors {
namespace {

constexpr std::uint32_t keys = 20'000;

std::vector<engine_cost> engines(std::uint32_t count, std::uint32_t weight = 1) {
  std::vector<engine_cost> lines;
  for (std::uint32_t e = 0; e < count; ++e) {
    lines.push_back(
        {.slot = e, .weight = weight, .name_hash = rendezvous_name("engine-" + std::to_string(e))});
  }
  return lines;
}

std::uint32_t home(const std::vector<engine_cost>& lines, std::uint32_t key) {
  return lines[choose_for_session(lines, "user " + std::to_string(key), 125).index].slot;
}

TEST(session_hash, the_same_key_has_the_same_home_in_any_order) {
  auto lines = engines(7);
  const auto first = home(lines, 42);
  EXPECT_EQ(home(lines, 42), first);
  std::mt19937 random{1};
  std::shuffle(lines.begin(), lines.end(), random);
  EXPECT_EQ(home(lines, 42), first);
  EXPECT_TRUE(choose_for_session(lines, "user 42", 125).is_home);
}

TEST(session_hash, keys_spread_by_weight) {
  auto lines = engines(4);
  lines[3].weight = 3;
  std::vector<std::uint32_t> got(4);
  for (std::uint32_t k = 0; k < keys; ++k) ++got[home(lines, k)];
  for (int e = 0; e < 3; ++e) EXPECT_NEAR(got[e], keys / 6.0, keys * 0.012);
  EXPECT_NEAR(got[3], keys / 2.0, keys * 0.012);
}

class membership : public testing::TestWithParam<std::uint32_t> {};

TEST_P(membership, an_engine_that_comes_takes_its_share_and_moves_no_other_key) {
  const auto n = GetParam();
  const auto before = engines(n), after = engines(n + 1);
  std::uint32_t moved = 0;
  for (std::uint32_t k = 0; k < keys; ++k) {
    const auto was = home(before, k), is = home(after, k);
    if (was == is) continue;
    ++moved;
    ASSERT_EQ(is, n) << "key " << k << " moved between engines that were there already";
  }
  const double share = 1.0 / (n + 1);
  EXPECT_NEAR(moved, keys * share, 4 * std::sqrt(keys * share));
}

TEST_P(membership, an_engine_that_goes_leaves_the_others_keys_where_they_are) {
  const auto n = GetParam() + 1;
  const auto before = engines(n);
  auto after = before;
  const auto gone = n / 2;
  after.erase(after.begin() + gone);
  for (std::uint32_t k = 0; k < keys; ++k) {
    if (home(before, k) == gone) continue;
    ASSERT_EQ(home(before, k), home(after, k)) << "key " << k;
  }
}

INSTANTIATE_TEST_SUITE_P(sizes, membership, testing::Values(1U, 2U, 5U, 16U, 64U));

class bounded_load : public testing::TestWithParam<std::uint32_t> {};

// Random arrivals, skewed keys and departures: the bound holds after each choice.
TEST_P(bounded_load, no_engine_exceeds_its_share_of_the_mean) {
  const auto seed = GetParam();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const std::uint32_t balance = 101 + random() % 100;
  auto lines = engines(2 + random() % 30);
  std::size_t weights = 0;
  for (auto& line : lines) weights += line.weight = 1 + random() % 4;
  std::vector<std::size_t> under_way;
  for (int i = 0; i < 4'000; ++i) {
    if (!under_way.empty() && random() % 3 == 0) {
      std::swap(under_way[random() % under_way.size()], under_way.back());
      --lines[under_way.back()].load;
      under_way.pop_back();
      continue;
    }
    const auto key = random() % 2 == 0 ? "hot" : std::to_string(random() % 500);
    const auto chosen = choose_for_session(lines, key, balance).index;
    ++lines[chosen].load;
    under_way.push_back(chosen);
    const auto share = under_way.size() * lines[chosen].weight * balance;
    ASSERT_LE(lines[chosen].load, (share + 100 * weights - 1) / (100 * weights)) << "step " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, bounded_load, testing::Range(1U, 31U));

TEST(session_hash, a_hot_key_overflows_in_an_order_of_its_own_and_comes_home) {
  auto lines = engines(3);
  for (auto& line : lines) line.load = 10;
  const auto first = choose_for_session(lines, "hot", 125);
  EXPECT_TRUE(first.is_home);
  lines[first.index].load = 100;
  const auto second = choose_for_session(lines, "hot", 125);
  EXPECT_FALSE(second.is_home);
  EXPECT_NE(second.index, first.index);
  EXPECT_EQ(choose_for_session(lines, "hot", 125).index, second.index);
  lines[first.index].load = 10;
  EXPECT_EQ(choose_for_session(lines, "hot", 125).index, first.index);
}

}  // namespace
}  // namespace troupe::actors
