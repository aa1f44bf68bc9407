// The steps of a node's end: what each waits for, and what ends its patience.
#include "apps/node_ending.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::apps {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using step = ending_step;
using testing::ElementsAre;
using testing::IsEmpty;

struct node_ending_test : testing::Test {
  auto take(node_event what) { return member.take(what, now); }
  auto expire() {
    now = member.due();
    return member.expire(now);
  }

  time_point now{seconds{1}};
  node_ending member{true, seconds{30}};  // of a cluster
  node_ending alone{false, seconds{30}};
};

TEST_F(node_ending_test, a_member_hands_over_drains_and_ends_its_actors) {
  EXPECT_THAT(member.begin(now), ElementsAre(step::hand_over));
  EXPECT_EQ(member.due(), now + seconds{30});
  EXPECT_THAT(take(node_event::handed_over), ElementsAre(step::drain));
  EXPECT_THAT(take(node_event::engines_drained), IsEmpty());
  EXPECT_THAT(take(node_event::drained), ElementsAre(step::stop_actors));
  EXPECT_FALSE(member.is_over());
  EXPECT_THAT(take(node_event::supervisor_ended), IsEmpty());
  EXPECT_TRUE(member.is_over());
  EXPECT_TRUE(member.is_clean());
}

TEST_F(node_ending_test, a_node_of_no_cluster_begins_with_its_clients) {
  EXPECT_THAT(alone.begin(now), ElementsAre(step::drain));
  EXPECT_THAT(alone.take(node_event::drained, now), ElementsAre(step::stop_actors));
}

TEST_F(node_ending_test, each_step_has_its_time) {
  member.begin(now);
  EXPECT_THAT(expire(), ElementsAre(step::handover_late, step::drain));
  EXPECT_EQ(member.due(), now + seconds{30});
  EXPECT_THAT(expire(), ElementsAre(step::end_requests));
  EXPECT_EQ(member.due(), now + seconds{1});
  EXPECT_THAT(expire(), ElementsAre(step::close_abruptly, step::stop_actors));
  EXPECT_EQ(member.due(), now + seconds{30});
  EXPECT_THAT(expire(), ElementsAre(step::give_up_on_tree));
  EXPECT_TRUE(member.is_over());
  EXPECT_FALSE(member.is_clean());
}

TEST_F(node_ending_test, another_signal_ends_the_step_under_way) {
  member.begin(now);
  EXPECT_THAT(take(node_event::stop_signal), ElementsAre(step::handover_late, step::drain));
  EXPECT_THAT(take(node_event::stop_signal), ElementsAre(step::end_requests));
  EXPECT_THAT(take(node_event::drained), ElementsAre(step::stop_actors));
  EXPECT_THAT(take(node_event::stop_signal), ElementsAre(step::give_up_on_tree));
}

TEST_F(node_ending_test, clients_that_are_gone_are_not_waited_for_again) {
  member.begin(now);
  take(node_event::handed_over);
  EXPECT_THAT(take(node_event::drained), IsEmpty()) << "other nodes still have work here";
  EXPECT_THAT(expire(), ElementsAre(step::end_requests, step::stop_actors));
}

TEST_F(node_ending_test, a_tree_that_ends_by_itself_is_waited_for_no_more) {
  member.begin(now);
  EXPECT_THAT(take(node_event::supervisor_ended), ElementsAre(step::handover_late, step::drain));
  take(node_event::drained);
  EXPECT_THAT(take(node_event::engines_drained), ElementsAre(step::stop_actors));
  EXPECT_TRUE(member.is_over());
  EXPECT_TRUE(member.is_clean());
}

TEST_F(node_ending_test, what_comes_late_or_means_something_else_is_passed_over) {
  member.begin(now);
  EXPECT_THAT(take(node_event::reload_signal), IsEmpty());
  expire();
  EXPECT_THAT(take(node_event::handed_over), IsEmpty());
  take(node_event::drained);
  take(node_event::engines_drained);
  take(node_event::supervisor_ended);
  EXPECT_THAT(take(node_event::stop_signal), IsEmpty());
}

}  // namespace
}  // namespace troupe::apps
