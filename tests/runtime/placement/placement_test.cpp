// Who runs what: requirements, bounds, shortages, and what leads from one placement to the next.
#include "runtime/placement/placement.hpp"

#include <gtest/gtest.h>

#include "runtime/placement/placement_change.hpp"

namespace troupe {
namespace {

placement_node node(const std::string& name, const std::string& zone, const std::string& role) {
  return {{name, 1}, {{"zone", zone}}, {role}, 1};
}

// Two routers and three engine nodes in two zones.
std::vector<placement_node> small_view() {
  return {node("r0", "a", "router"), node("r1", "b", "router"), node("e0", "a", "engine"),
          node("e1", "a", "engine"), node("e2", "b", "engine")};
}

placed_actor engines(std::uint32_t count) {
  return {.name = "cpu", .count = count, .roles = {"engine"}};
}

std::uint32_t count_on(const placement& p, const std::string& name) {
  std::uint32_t n = 0;
  for (const auto& i : p.instances) n += i.node.name == name ? 1 : 0;
  return n;
}

TEST(placement, roles_and_labels_say_where) {
  const auto by_role = place({engines(6)}, small_view());
  EXPECT_EQ(by_role.instances.size(), 6u);
  EXPECT_EQ(count_on(by_role, "r0") + count_on(by_role, "r1"), 0u);
  auto in_b = engines(2);
  in_b.labels = {{"zone", "b"}};
  EXPECT_EQ(count_on(place({in_b}, small_view()), "e2"), 2u);
}

TEST(placement, bounds_nodes_and_label_values) {
  auto actor = engines(3);
  actor.per_node_max = 1;
  for (const auto& name : {"e0", "e1", "e2"}) {
    EXPECT_EQ(count_on(place({actor}, small_view()), name), 1u);
  }
  actor.count = 2;
  actor.spread_label = "zone";
  const auto spread = place({actor}, small_view());
  EXPECT_EQ(count_on(spread, "e2"), 1u);
  EXPECT_EQ(count_on(spread, "e0") + count_on(spread, "e1"), 1u);
  EXPECT_TRUE(spread.shortages.empty());
}

// Returns why some of the actor's instances have no place.
std::string reason(const placed_actor& actor, const std::vector<placement_node>& view) {
  const auto shortages = place({actor}, view).shortages;
  return shortages.empty() ? "" : shortages.front().reason;
}

TEST(placement, says_why_instances_have_no_place) {
  auto actor = engines(4);
  actor.per_node_max = 1;
  const auto short_of_one = place({actor}, small_view()).shortages.at(0);
  EXPECT_EQ(short_of_one.wanted, 4u);
  EXPECT_EQ(short_of_one.placed, 3u);
  EXPECT_EQ(short_of_one.reason, "3 nodes qualify, at most 1 each; 2 nodes lack role engine");
  actor.spread_label = "zone";
  actor.labels = {{"zone", "b"}};
  EXPECT_EQ(
      reason(actor, small_view()),
      "1 node qualifies, at most 1 each, at most 1 for each value of zone; 2 nodes lack label "
      "zone: b, 2 nodes lack role engine");
}

TEST(placement, says_so_where_nobody_qualifies) {
  const placed_actor cache{.name = "c", .roles = {"cache"}};
  EXPECT_EQ(reason(cache, small_view()), "5 nodes lack role cache");
  EXPECT_EQ(reason(cache, {}), "there are no nodes");
  const placed_actor spread{.name = "s", .spread_label = "rack"};
  EXPECT_EQ(reason(spread, {node("x", "a", "engine")}), "1 node lacks label rack");
}

TEST(placement, a_new_life_of_a_node_gets_what_the_old_one_had) {
  auto view = small_view();
  const auto before = place({engines(6)}, view);
  view[2].id.incarnation = 2;
  const auto after = place({engines(6)}, view);
  EXPECT_EQ(count_on(before, "e0"), count_on(after, "e0"));
  for (const auto& i : after.instances) EXPECT_EQ(i.node.incarnation, i.node.name == "e0" ? 2 : 1);
}

TEST(placement, suspects_keep_their_actors_and_those_that_leave_or_ended_have_none) {
  const auto record = [](const std::string& name, member_state state) {
    return member_record{{{name, 1}, "sim:" + name, {}, {"engine"}, 1, 3}, state, 0, {}};
  };
  auto leaving = record("e", member_state::up);
  leaving.leaving = true;
  const auto view =
      placement_view({record("a", member_state::up), record("b", member_state::suspect),
                      record("c", member_state::down), record("d", member_state::left), leaving});
  EXPECT_EQ(view, (std::vector<placement_node>{{{"a", 1}, {}, {"engine"}, 3},
                                               {{"b", 1}, {}, {"engine"}, 3}}));
}

instance on(const std::string& name, std::uint32_t slot = 0) {
  return {"cpu", {name, 1}, slot};
}

placement of(std::vector<instance> instances) {
  return {std::move(instances), {}};
}

TEST(placement_change, a_move_is_a_drain_here_and_a_start_there) {
  const auto before = of({on("a"), on("b")});
  const auto after = of({on("b"), on("c", 1)});
  EXPECT_EQ(change_at({"a", 1}, before, after),
            (placement_change{{}, {{on("a"), on("c", 1)}}, {}}));
  EXPECT_EQ(change_at({"b", 1}, before, after), placement_change{});
  EXPECT_EQ(change_at({"c", 1}, before, after), (placement_change{{on("c", 1)}, {}, {}}));
}

TEST(placement_change, what_has_no_successor_is_stopped) {
  EXPECT_EQ(change_at({"a", 1}, of({on("a"), on("a", 1), on("b")}), of({on("c")})),
            (placement_change{{}, {{on("a"), on("c")}}, {on("a", 1)}}));
  auto other = on("c");
  other.actor = "gpu";
  EXPECT_EQ(change_at({"a", 1}, of({on("a")}), of({other})), (placement_change{{}, {}, {on("a")}}));
}

TEST(placement_change, a_new_life_starts_what_the_old_one_ran) {
  auto reborn = on("a");
  reborn.node.incarnation = 2;
  EXPECT_EQ(change_at({"a", 2}, of({on("a")}), of({reborn})), (placement_change{{reborn}, {}, {}}));
  EXPECT_EQ(moves(of({on("a")}), of({reborn})), (std::vector<instance_move>{{on("a"), reborn}}));
}

}  // namespace
}  // namespace troupe
