// A node's share of what is placed: started, handed over, drained, stopped, kept.
#include "tests/apps/node_hosting_fixture.hpp"

namespace troupe::apps {
namespace {

TEST_F(node_hosting_test, waits_for_others_and_until_no_more_news_come) {
  node_hosting hosting{{group("cpu", 1)}, times_};
  EXPECT_FALSE(hosting.due());
  hosting.begin(node(home_), now_);
  EXPECT_EQ(hosting.due(), now_ + times_.settle_max);
  hosting.up(node(away_), now_ + milliseconds{10});
  EXPECT_EQ(hosting.due(), now_ + milliseconds{10} + times_.settle);
  hosting.up(node("c"), now_ + milliseconds{200});
  EXPECT_EQ(hosting.due(), now_ + milliseconds{200} + times_.settle);
  hosting.up(node("d"), now_ + times_.settle_max - milliseconds{1});
  EXPECT_EQ(hosting.due(), now_ + times_.settle_max);
  hosting.settle(now_ + times_.settle_max);
  EXPECT_FALSE(hosting.due());
}

TEST_F(node_hosting_test, starts_what_falls_to_it_under_a_name_of_its_own) {
  node_hosting hosting{{group("cpu", 2), group("gpu", 1)}, times_};
  hosting.begin(node("n"), now_);
  const auto steps = hosting.settle(now_);
  EXPECT_THAT(words(steps), ElementsAre("start n.cpu-0", "start n.cpu-1", "start n.gpu"));
  EXPECT_EQ(steps[0].engine.count, 1u);
  hosting.up(node("m"), now_);
  hosting.gone({"m", 1}, now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
}

TEST_F(node_hosting_test, what_runs_elsewhere_comes_when_that_node_dies) {
  node_hosting hosting{{group("cpu", 1)}, times_};
  hosting.begin(node(away_), now_);
  hosting.up(node(home_), now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
  hosting.gone({home_, 7}, now_);  // another life of it
  EXPECT_FALSE(hosting.due());
  hosting.gone({home_, 1}, now_);
  EXPECT_THAT(words(hosting.settle(now_)), ElementsAre("start " + away_engine_));
}

TEST_F(node_hosting_test, an_engine_serves_until_its_successor_is_up_at_every_router) {
  auto hosting = handing_over();
  EXPECT_TRUE(hosting.is_moving());
  EXPECT_THAT(hosting.poll(one_router({}), now_), IsEmpty());
  EXPECT_THAT(hosting.poll(one_router({status(home_engine_, false)}), now_), IsEmpty());
  auto two = one_router({status(home_engine_, true)});
  two.emplace_back();
  EXPECT_THAT(hosting.poll(two, now_), IsEmpty());
  two.back() = two.front();
  EXPECT_THAT(words(hosting.poll(two, now_)), ElementsAre("drain " + away_engine_));
}

TEST_F(node_hosting_test, a_successor_that_does_not_come_is_not_waited_for_for_ever) {
  auto hosting = handing_over();
  const auto late = now_ + times_.handover_max;
  EXPECT_THAT(hosting.poll(one_router({}), late - milliseconds{1}), IsEmpty());
  EXPECT_THAT(words(hosting.poll(one_router({}), late)), ElementsAre("drain " + away_engine_));
}

TEST_F(node_hosting_test, a_drained_engine_is_stopped_once_no_router_has_work_there) {
  auto hosting = draining();
  EXPECT_THAT(hosting.poll({std::nullopt}, now_), IsEmpty());
  EXPECT_THAT(hosting.poll(one_router({status(away_engine_, true)}), now_), IsEmpty());
  EXPECT_THAT(hosting.poll(one_router({status(away_engine_, true, true, 1)}), now_), IsEmpty());
  EXPECT_THAT(words(hosting.poll(one_router({status(away_engine_, true, true)}), now_)),
              ElementsAre("stop " + away_engine_));
  EXPECT_THAT(hosting.stopped(away_engine_), IsEmpty());
  EXPECT_FALSE(hosting.is_moving());
}

TEST_F(node_hosting_test, an_engine_that_does_not_drain_is_stopped_in_the_end) {
  auto hosting = draining();
  const auto busy = one_router({status(away_engine_, true, true, 1)});
  EXPECT_THAT(hosting.poll(busy, now_ + times_.drain_max - milliseconds{1}), IsEmpty());
  EXPECT_THAT(words(hosting.poll(busy, now_ + times_.drain_max)),
              ElementsAre("stop " + away_engine_));
}

TEST_F(node_hosting_test, an_engine_on_its_way_out_stays_where_its_successor_dies) {
  auto early = handing_over();
  early.gone({home_, 1}, now_);
  EXPECT_THAT(early.settle(now_), IsEmpty());
  EXPECT_FALSE(early.is_moving());
  auto late = draining();
  late.gone({home_, 1}, now_);
  EXPECT_THAT(words(late.settle(now_)), ElementsAre("resume " + away_engine_));
  EXPECT_FALSE(late.is_moving());
}

TEST_F(node_hosting_test, one_that_is_being_stopped_is_started_again_where_it_is_wanted) {
  auto hosting = draining();
  EXPECT_THAT(words(hosting.poll({}, now_)), ElementsAre("stop " + away_engine_));
  hosting.gone({home_, 1}, now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
  EXPECT_THAT(words(hosting.stopped(away_engine_)), ElementsAre("start " + away_engine_));
  hosting.up(node(home_, 2), now_);
  EXPECT_THAT(words(hosting.settle(now_)),
              ElementsAre("hand over " + away_engine_ + " to " + home_engine_));
}

TEST_F(node_hosting_test, what_could_not_be_stopped_is_tried_again) {
  auto hosting = draining();
  hosting.poll({}, now_);
  EXPECT_FALSE(hosting.is_moving());
  hosting.not_stopped(away_engine_, now_);
  EXPECT_THAT(words(hosting.poll({}, now_)), ElementsAre("stop " + away_engine_));
}

TEST_F(node_hosting_test, what_could_not_be_started_is_tried_again) {
  node_hosting hosting{{group("cpu", 1)}, times_};
  hosting.begin(node("n"), now_);
  hosting.settle(now_);
  hosting.not_started("n.cpu", now_);
  EXPECT_EQ(hosting.due(), now_ + times_.retry);
  EXPECT_THAT(words(hosting.settle(now_ + times_.retry)), ElementsAre("start n.cpu"));
}

TEST_F(node_hosting_test, a_new_life_of_this_node_keeps_what_it_runs) {
  node_hosting hosting{{group("cpu", 1)}, times_};
  hosting.begin(node(home_), now_);
  hosting.up(node(away_), now_);
  EXPECT_THAT(words(hosting.settle(now_)), ElementsAre("start " + home_engine_));
  hosting.begin(node(home_, 2), now_);
  hosting.up(node(away_, 2), now_);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
  EXPECT_FALSE(hosting.is_moving());
}

TEST_F(node_hosting_test, a_new_life_gives_up_what_is_placed_elsewhere) {
  node_hosting hosting{{group("cpu", 1)}, times_};
  hosting.begin(node(away_), now_);
  EXPECT_THAT(words(hosting.settle(now_)), ElementsAre("start " + away_engine_));
  hosting.begin(node(away_, 2), now_);
  hosting.up(node(home_), now_);
  EXPECT_THAT(words(hosting.settle(now_)),
              ElementsAre("hand over " + away_engine_ + " to " + home_engine_));
}

TEST_F(node_hosting_test, goes_on_from_what_runs_already) {
  node_hosting hosting{{group("cpu", 2)}, times_};
  hosting.adopt("n", "n.cpu-1", false, now_);
  hosting.adopt("n", "n.other", false, now_);
  hosting.begin(node("n"), now_);
  EXPECT_THAT(words(hosting.settle(now_)), ElementsAre("start n.cpu-0"));
}

TEST_F(node_hosting_test, says_what_cannot_be_placed) {
  node_hosting hosting{{group("cpu", 2, 1)}, times_};
  hosting.begin(node("n"), now_);
  hosting.settle(now_);
  ASSERT_EQ(hosting.shortages().size(), 1u);
  EXPECT_EQ(hosting.shortages()[0].placed, 1u);
  hosting.up(node("m"), now_);
  hosting.settle(now_);
  EXPECT_THAT(hosting.shortages(), IsEmpty());
}

}  // namespace
}  // namespace troupe::apps
