// Turns in proportion to weights, evenly spread.
#include "actors/router/weighted_rotation.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

std::string turns(weighted_rotation& rotation, std::vector<rotation_seat> seats, int count) {
  std::string order;
  for (int i = 0; i < count; ++i) {
    order += static_cast<char>('a' + seats[rotation.next(seats)].number);
  }
  return order;
}

TEST(weighted_rotation, equal_weights_take_turns) {
  weighted_rotation rotation;
  EXPECT_EQ(turns(rotation, {{0, 1}, {1, 1}, {2, 1}}, 7), "abcabca");
}

TEST(weighted_rotation, a_heavy_seat_comes_often_and_not_in_one_go) {
  weighted_rotation rotation;
  EXPECT_EQ(turns(rotation, {{0, 5}, {1, 1}, {2, 1}}, 14), "aabacaaaabacaa");
}

TEST(weighted_rotation, a_seat_that_was_away_does_not_catch_up) {
  weighted_rotation rotation;
  turns(rotation, {{0, 1}, {1, 1}}, 10);
  turns(rotation, {{0, 1}}, 1'000);
  EXPECT_EQ(turns(rotation, {{0, 1}, {1, 1}}, 6), "ababab");
}

TEST(weighted_rotation, a_forgotten_number_starts_anew) {
  weighted_rotation rotation;
  EXPECT_EQ(turns(rotation, {{0, 3}, {1, 3}, {2, 1}}, 1), "a");
  rotation.forget(0);
  rotation.forget(77);
  EXPECT_EQ(turns(rotation, {{0, 1}, {1, 1}}, 1), "b");
}

class rotation_property : public testing::TestWithParam<std::uint32_t> {};

TEST_P(rotation_property, shares_are_exact_over_a_whole_round) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::mt19937 random{GetParam()};
  std::vector<rotation_seat> seats;
  std::uint32_t sum = 0;
  for (std::uint32_t n = 0; n < 2 + random() % 9; ++n) {
    seats.push_back({n, 1 + static_cast<std::uint32_t>(random() % 20)});
    sum += seats.back().weight;
  }
  weighted_rotation rotation;
  std::vector<std::uint32_t> got(seats.size());
  for (std::uint32_t i = 0; i < 3 * sum; ++i) ++got[rotation.next(seats)];
  for (std::size_t n = 0; n < seats.size(); ++n) EXPECT_EQ(got[n], 3 * seats[n].weight);
}

INSTANTIATE_TEST_SUITE_P(seeds, rotation_property, testing::Range(1U, 21U));

}  // namespace
}  // namespace troupe::actors
