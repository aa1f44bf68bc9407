// Who has received too much since its last whole message, and who only seems to have.
#include "transport/zmq/unread_budget.hpp"

#include <map>

#include <gmock/gmock.h>

namespace troupe::transport::zmq {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct unread_budget_test : testing::Test {
  void measure() { measure(budget); }
  void measure(unread_budget& of) {
    of.measure([this](int connection) -> std::optional<std::uint64_t> {
      const auto at = came.find(connection);
      if (at == came.end()) return std::nullopt;
      return at->second;
    });
  }

  unread_budget budget{{.connection_bytes_max = 10, .total_bytes_max = 1'000'000}};
  std::map<int, std::uint64_t> came;
};

TEST_F(unread_budget_test, what_delivers_nothing_is_over_its_bound) {
  for (const int one : {1, 2}) budget.opened(one);
  came = {{1, 9}, {2, 10}};
  measure();
  EXPECT_TRUE(budget.has_suspects());
  EXPECT_THAT(budget.judge(true), ElementsAre(2));
  EXPECT_FALSE(budget.has_suspects());
  came[1] = 10;
  measure();
  EXPECT_THAT(budget.judge(true), ElementsAre(1));
}

TEST_F(unread_budget_test, a_whole_message_shows_that_it_was_none_without_end) {
  budget.opened(1);
  came[1] = 50;
  measure();
  ASSERT_TRUE(budget.has_suspects());
  budget.delivered(1);  // it waited to be read
  EXPECT_THAT(budget.judge(true), IsEmpty());
  measure();
  EXPECT_FALSE(budget.has_suspects());
  came[1] = 59;
  measure();
  EXPECT_FALSE(budget.has_suspects());
  came[1] = 60;
  measure();
  EXPECT_THAT(budget.judge(true), ElementsAre(1));
}

TEST_F(unread_budget_test, nobody_is_judged_before_it_had_its_turn) {
  budget.opened(1);
  budget.opened(2);
  came = {{1, 50}, {2, 0}};
  measure();
  EXPECT_THAT(budget.judge(false), IsEmpty());
  for (int i = 0; i < 2; ++i) budget.delivered(2);
  EXPECT_THAT(budget.judge(false), IsEmpty());
  budget.delivered(2);
  EXPECT_THAT(budget.judge(false), ElementsAre(1)) << "as many messages as connections";
}

TEST_F(unread_budget_test, all_together_have_a_bound_too) {
  unread_budget all{{.connection_bytes_max = 500'000, .total_bytes_max = 1'000'000}};
  for (const int one : {1, 2, 3, 4}) all.opened(one);
  came = {{1, 400'000}, {2, 400'000}, {3, 100'000}, {4, 50'000}};
  measure(all);
  EXPECT_FALSE(all.has_suspects());
  came[3] = 300'000;
  measure(all);
  EXPECT_THAT(all.judge(true), UnorderedElementsAre(1, 2)) << "more than the mean of 366,667";
}

TEST_F(unread_budget_test, a_number_that_is_used_again_begins_anew) {
  budget.opened(1);
  came[1] = 1'000;
  budget.delivered(1);
  measure();
  budget.closed(1);
  budget.opened(1);
  came[1] = 10;
  measure();
  EXPECT_THAT(budget.judge(true), ElementsAre(1));
  budget.opened(2);
  came[2] = 1'000;
  budget.delivered(2);
  budget.opened(2);  // the end of the one before was not told
  came[2] = 10;
  measure();
  EXPECT_THAT(budget.judge(true), ElementsAre(2));
}

TEST_F(unread_budget_test, what_comes_before_it_is_opened_counts) {
  budget.delivered(1);
  budget.opened(1);
  came[1] = 50;
  measure();
  came[1] = 59;
  measure();
  EXPECT_FALSE(budget.has_suspects());
  budget.delivered(-1);
  EXPECT_EQ(budget.size(), 1u) << "of a connection that is not known";
}

TEST_F(unread_budget_test, forgets_what_is_gone) {
  budget.opened(1);
  measure();
  EXPECT_EQ(budget.size(), 0u);
}

}  // namespace
}  // namespace troupe::transport::zmq
