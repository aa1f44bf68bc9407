#include "runtime/slow_jobs.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using std::chrono::microseconds;

constexpr drain_budget budget{};
constexpr auto limit = budget.slow_time_max;
constexpr microseconds little{1};
constexpr bool has_more = true;
const int one = 0;

class slow_jobs_test : public ::testing::Test {
 protected:
  // Each as the only one of its reading of the clock.
  void ran(bool more, std::chrono::nanoseconds took) { jobs.ran(&one, 1, more, took); }
  bool is_slow() const { return jobs.contains(&one); }

  slow_jobs jobs{budget};
};

TEST_F(slow_jobs_test, who_takes_longer_than_the_limit_is_slow_with_a_backlog_or_without) {
  EXPECT_FALSE(is_slow());
  ran(has_more, limit);
  EXPECT_FALSE(is_slow());
  ran(has_more, limit + little);
  EXPECT_TRUE(is_slow());
  ran(!has_more, little);
  EXPECT_FALSE(is_slow());
  ran(!has_more, limit + little);
  EXPECT_TRUE(is_slow());
}

TEST_F(slow_jobs_test, with_a_backlog_one_message_counts_for_as_many_as_it_would_run) {
  const auto each = limit / static_cast<int>(budget.messages_per_resume_max);
  ran(has_more, limit + little);
  ran(has_more, each + little);
  EXPECT_TRUE(is_slow());
  ran(has_more, each - little);
  EXPECT_FALSE(is_slow()) << "it was taken for slow wrongly, or has become fast";
}

TEST_F(slow_jobs_test, without_a_backlog_it_counts_for_itself) {
  ran(has_more, limit + little);
  ran(!has_more, limit);
  EXPECT_FALSE(is_slow());
}

TEST_F(slow_jobs_test, where_several_ran_none_is_judged_but_each_is_timed_for_a_while) {
  EXPECT_FALSE(jobs.times_each());
  jobs.ran(&one, 2, !has_more, limit);
  EXPECT_FALSE(jobs.times_each());
  jobs.ran(&one, 2, !has_more, limit + little);
  EXPECT_FALSE(is_slow());
  EXPECT_TRUE(jobs.times_each());
  int timed = 0;
  for (; jobs.times_each() && timed < 1'000; ++timed) ran(!has_more, little);
  EXPECT_GT(timed, 100);
  EXPECT_LT(timed, 1'000);
}

}  // namespace
}  // namespace troupe
