// What becomes of placed engines whose groups change under them.
#include "tests/apps/node_hosting_fixture.hpp"

namespace troupe::apps {
namespace {

class node_hosting_groups_test : public node_hosting_test {
 protected:
  // One node runs both engines of a group.
  node_hosting_groups_test() {
    hosting.begin(node("n"), now_);
    hosting.settle(now_);
  }

  std::vector<hosting_step> change(const std::vector<config::placed_spec>& to) {
    hosting.change_groups(to, now_);
    EXPECT_EQ(hosting.due(), now_ + times_.settle);
    return hosting.settle(now_);
  }

  // Its routers have let go of an engine.
  std::vector<hosting_step> drained(const std::string& engine) {
    EXPECT_THAT(words(hosting.poll(one_router({status(engine, true, true)}), now_)),
                ElementsAre("stop " + engine));
    return hosting.stopped(engine);
  }

  node_hosting hosting{{group("cpu", 2)}, times_};
};

TEST_F(node_hosting_groups_test, the_same_groups_change_nothing) {
  EXPECT_THAT(change({group("cpu", 2)}), IsEmpty());
}

TEST_F(node_hosting_groups_test, another_group_starts_beside_the_first) {
  EXPECT_THAT(words(change({group("cpu", 2), group("gpu", 1)})), ElementsAre("start n.gpu"));
}

TEST_F(node_hosting_groups_test, an_engine_without_its_group_drains_and_stops) {
  EXPECT_THAT(words(change({})), ElementsAre("drain n.cpu-0", "drain n.cpu-1"));
  EXPECT_TRUE(hosting.is_moving());
  EXPECT_THAT(words(hosting.poll({}, now_)), ElementsAre("stop n.cpu-0", "stop n.cpu-1"));
  EXPECT_THAT(hosting.stopped("n.cpu-0"), IsEmpty());
}

TEST_F(node_hosting_groups_test, a_larger_group_starts_what_is_new_in_it) {
  EXPECT_THAT(words(change({group("cpu", 3)})), ElementsAre("start n.cpu-2"));
}

TEST_F(node_hosting_groups_test, another_engine_of_the_same_name_starts_when_the_first_has_ended) {
  auto other = group("cpu", 2);
  other.engine.model = "other.gguf";
  EXPECT_THAT(words(change({other})), ElementsAre("drain n.cpu-0", "drain n.cpu-1"));
  EXPECT_THAT(hosting.settle(now_), IsEmpty()) << "it does not take requests again";
  const auto steps = hosting.poll({}, now_);
  EXPECT_THAT(words(steps), ElementsAre("stop n.cpu-0", "stop n.cpu-1"));
  EXPECT_EQ(steps[0].engine.model, "");
  const auto next = hosting.stopped("n.cpu-0");
  EXPECT_THAT(words(next), ElementsAre("start n.cpu-0"));
  EXPECT_EQ(next[0].engine.model, "other.gguf");
}

TEST_F(node_hosting_groups_test, an_engine_that_is_as_before_again_takes_requests_again) {
  auto other = group("cpu", 2);
  other.engine.model = "other.gguf";
  change({other});
  EXPECT_THAT(words(change({group("cpu", 2)})), ElementsAre("resume n.cpu-0", "resume n.cpu-1"));
}

TEST_F(node_hosting_groups_test, another_weight_is_told_to_what_runs) {
  auto heavier = group("cpu", 2);
  heavier.engine.weight = 3;
  const auto steps = change({heavier});
  EXPECT_THAT(words(steps), ElementsAre("resettle n.cpu-0", "resettle n.cpu-1"));
  EXPECT_EQ(steps[0].engine.weight, 3u);
  EXPECT_THAT(hosting.settle(now_), IsEmpty());
}

TEST_F(node_hosting_groups_test, a_group_of_one_runs_under_another_name) {
  EXPECT_THAT(words(change({group("cpu", 1)})),
              ElementsAre("drain n.cpu-0", "drain n.cpu-1", "start n.cpu"));
}

}  // namespace
}  // namespace troupe::apps
