#include "runtime/slow_pace.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr drain_budget budget{};
constexpr time_point start{};

// Returns how many turns the slow ones let pass while something else runs in each of them.
int turns_beside_endless_load(slow_pace& pace, time_point& at, microseconds turn) {
  int passed = 0;
  while (!pace.may_run(at) && passed < 1'000'000) {
    pace.other_ran();
    at += turn;
    ++passed;
  }
  return passed;
}

TEST(slow_pace, lets_one_turn_pass_so_that_what_came_meanwhile_is_found) {
  slow_pace pace{budget};
  EXPECT_FALSE(pace.may_run(start));
  EXPECT_TRUE(pace.may_run(start));
  pace.ran(start, start);
  EXPECT_FALSE(pace.may_run(start + milliseconds{1'000}));
  EXPECT_TRUE(pace.may_run(start + milliseconds{1'000}));
}

TEST(slow_pace, waits_until_a_turn_has_found_nothing) {
  slow_pace pace{budget};
  pace.ran(start, start + milliseconds{1});
  const auto soon = start + milliseconds{1};
  EXPECT_FALSE(pace.may_run(soon));
  pace.other_ran();  // a request is read
  EXPECT_FALSE(pace.may_run(soon));
  pace.other_ran();  // its answer is sent
  EXPECT_FALSE(pace.may_run(soon));
  EXPECT_TRUE(pace.may_run(soon));
}

TEST(slow_pace, what_came_is_answered_first_however_long_it_took) {
  slow_pace pace{budget};
  pace.ran(start, start + milliseconds{1});
  const auto late = start + milliseconds{1'000};
  EXPECT_FALSE(pace.may_run(late));
  pace.other_ran();
  EXPECT_FALSE(pace.may_run(late));
  pace.other_ran();
  EXPECT_TRUE(pace.may_run(late));
}

TEST(slow_pace, keeps_a_fifth_of_the_time_under_endless_load) {
  constexpr microseconds turn{10};
  slow_pace pace{budget};
  for (const auto took : {microseconds{50}, microseconds{300}, microseconds{1'000}}) {
    auto at = start + took;
    pace.ran(start, at);
    turns_beside_endless_load(pace, at, turn);
    EXPECT_EQ(at, start + took + budget.slow_wait_ratio * took) << took.count();
  }
}

TEST(slow_pace, waits_no_longer_than_the_maximum) {
  constexpr microseconds turn{100};
  slow_pace pace{budget};
  auto at = start + milliseconds{1'000};
  pace.ran(start, at);
  turns_beside_endless_load(pace, at, turn);
  EXPECT_EQ(at, start + milliseconds{1'000} + budget.slow_wait_max);
}

TEST(slow_pace, under_turns_that_take_long_runs_after_the_second) {
  slow_pace pace{budget};
  auto at = start + milliseconds{1};
  pace.ran(start, at);
  EXPECT_EQ(turns_beside_endless_load(pace, at, milliseconds{20}), 2);
}

}  // namespace
}  // namespace troupe
