// Engines by slot, their models, and what outlives a report or a change of policies.
#include "actors/router/engine_roster.hpp"

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

using config::routing_policy;

engine_config engine(const std::string& name, std::vector<std::string> models) {
  return {.name = name, .models = std::move(models)};
}

class engine_roster_test : public testing::Test {
 protected:
  static config::router_spec spec(routing_policy of_router, routing_policy of_model) {
    config::router_spec made;
    made.policy = of_router;
    made.models = {{.name = "special", .policy = of_model}};
    return made;
  }

  engine_id add(const std::string& name, std::vector<std::string> models) {
    const auto id = roster.add(engine(name, std::move(models)), [](std::uint32_t) { return true; });
    EXPECT_TRUE(id);
    return id.value_or(engine_id{});
  }

  engine_roster roster{spec(routing_policy::prefix, routing_policy::session)};
};

TEST_F(engine_roster_test, a_slot_is_used_again_and_its_handle_is_not) {
  const auto first = add("a", {"m"});
  roster.remove(first);
  EXPECT_EQ(roster.find(first), nullptr);
  EXPECT_EQ(roster.model("m"), nullptr);
  const auto second = add("b", {"m"});
  EXPECT_NE(first, second);
  EXPECT_EQ(slot_of(first), slot_of(second));
  EXPECT_EQ(roster.find(second)->config.name, "b");
}

TEST_F(engine_roster_test, a_slot_that_is_still_swept_is_passed_over) {
  const auto first = add("a", {"m"});
  roster.remove(first);
  const auto second =
      roster.add(engine("b", {"m"}), [&](std::uint32_t slot) { return slot != slot_of(first); });
  ASSERT_TRUE(second);
  EXPECT_NE(slot_of(*second), slot_of(first));
}

TEST_F(engine_roster_test, what_was_learnt_of_a_model_outlives_a_report) {
  const auto only = add("a", {"m"});
  roster.model("m")->ratio.observe(2'000, 1'000);
  const auto learnt = roster.model("m")->ratio.tokens(4'000);
  EXPECT_TRUE(roster.update(only, engine("a", {"m"})));
  EXPECT_EQ(roster.model("m")->ratio.tokens(4'000), learnt);
  EXPECT_TRUE(roster.update(only, engine("a", {"m", "n"})));
  EXPECT_NE(roster.model("n"), nullptr);
  EXPECT_FALSE(roster.update(engine_id{99}, engine("a", {})));
}

TEST_F(engine_roster_test, a_model_follows_its_own_policy_or_the_router_s) {
  add("a", {"m", "special"});
  EXPECT_EQ(roster.model("m")->policy, routing_policy::prefix);
  EXPECT_EQ(roster.model("special")->policy, routing_policy::session);
  roster.set_policies(spec(routing_policy::least_loaded, routing_policy::round_robin));
  EXPECT_EQ(roster.model("m")->policy, routing_policy::least_loaded);
  EXPECT_EQ(roster.model("special")->policy, routing_policy::round_robin);
  add("b", {"late"});
  EXPECT_EQ(roster.model("late")->policy, routing_policy::least_loaded);
}

TEST_F(engine_roster_test, a_model_named_twice_is_served_once) {
  const auto id = add("a", {"m", "m"});
  EXPECT_EQ(roster.model("m")->slots.size(), 1u);
  roster.remove(id);
  EXPECT_EQ(roster.model("m"), nullptr);
}

}  // namespace
}  // namespace troupe::actors
