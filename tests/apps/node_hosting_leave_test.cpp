// What a node that leaves hands over, to whom, and how long it waits.
#include "tests/apps/node_hosting_fixture.hpp"

namespace troupe::apps {
namespace {

TEST_F(node_hosting_test, a_node_that_leaves_hands_over_and_drains_what_it_runs) {
  node_hosting hosting{{group("cpu", 1)}, times_};
  hosting.begin(node(home_), now_);
  hosting.up(node(away_), now_);
  hosting.settle(now_);
  EXPECT_FALSE(hosting.is_handing_over());
  hosting.leave(now_);
  EXPECT_TRUE(hosting.is_handing_over());
  const auto hand_over = ElementsAre("hand over " + home_engine_ + " to " + away_engine_);
  EXPECT_THAT(words(hosting.settle(now_)), hand_over);
  EXPECT_TRUE(hosting.is_handing_over());
  // News of others change nothing.
  hosting.up(node("c"), now_);
  hosting.gone({"c", 1}, now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
  EXPECT_TRUE(hosting.is_handing_over());
  EXPECT_THAT(words(hosting.poll(one_router({status(away_engine_, true)}), now_)),
              ElementsAre("drain " + home_engine_));
  EXPECT_FALSE(hosting.is_handing_over());
  EXPECT_THAT(words(hosting.poll(one_router({status(home_engine_, true, true)}), now_)),
              ElementsAre("stop " + home_engine_));
}

// The one that is to take over leaves when it is just up: both could wait for the other, and drain.
TEST_F(node_hosting_test, one_of_two_serves_where_the_successor_leaves_at_once) {
  const auto is_up = one_router({status(home_engine_, true)});
  auto stays = handing_over();
  stays.gone({home_, 1}, now_);
  EXPECT_THAT(stays.poll(is_up, now_), IsEmpty()) << "what the news mean is not known yet";
  EXPECT_THAT(stays.settle(now_), IsEmpty());
  EXPECT_FALSE(stays.is_moving()) << "it serves on";

  auto leaves = leaving(home_, away_);
  EXPECT_THAT(leaves.poll(one_router({status(away_engine_, true, true)}), now_), IsEmpty())
      << "it drains";
  EXPECT_THAT(words(leaves.poll(one_router({status(away_engine_, true)}), now_)),
              ElementsAre("drain " + home_engine_));
}

TEST_F(node_hosting_test, a_node_that_leaves_waits_for_another_where_a_successor_is_lost) {
  auto hosting = leaving("n", "m");
  hosting.gone({"m", 1}, now_);
  hosting.up(node("o"), now_);
  EXPECT_THAT(words(hosting.settle(now_)), ElementsAre("hand over n.cpu to o.cpu"));
  hosting.gone({"o", 1}, now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
  EXPECT_FALSE(hosting.is_handing_over()) << "nobody is left to wait for";
}

TEST_F(node_hosting_test, a_node_that_leaves_waits_for_who_took_over_before) {
  auto hosting = handing_over();
  hosting.leave(now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
  EXPECT_TRUE(hosting.is_handing_over());
  EXPECT_THAT(words(hosting.poll(one_router({status(home_engine_, true)}), now_)),
              ElementsAre("drain " + away_engine_));
  EXPECT_FALSE(hosting.is_handing_over());
}

TEST_F(node_hosting_test, a_node_that_leaves_hands_over_to_one_that_has_just_come) {
  EXPECT_TRUE(leaving(away_, home_).is_handing_over());
}

TEST_F(node_hosting_test, what_nobody_else_may_run_serves_until_the_node_ends) {
  node_hosting hosting{{group("cpu", 2, 1)}, times_};
  hosting.begin(node("n"), now_);
  hosting.up(node("m"), now_);
  hosting.settle(now_);
  hosting.leave(now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
  EXPECT_FALSE(hosting.is_handing_over());
  EXPECT_FALSE(hosting.is_moving());
}

}  // namespace
}  // namespace troupe::apps
