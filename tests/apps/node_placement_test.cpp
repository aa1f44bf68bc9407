// The placement actor before a supervisor, a router and proxies: what is started, told and stopped.
#include "apps/node_placement.hpp"

#include <gtest/gtest.h>

#include "actors/names.hpp"
#include "runtime/errc.hpp"
#include "tests/actors/simulated_system.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {
namespace {

using std::chrono::milliseconds;
using kind = membership_event::kind;

node_description described(const std::string& name, std::uint64_t incarnation = 1) {
  node_description node;
  node.id = {name, incarnation};
  node.roles = {"engine"};
  return node;
}

// One engine, which falls to `home` where both nodes live, and runs on `away` before.
class node_placement_test : public ::testing::Test {
 protected:
  node_placement_test() {
    const auto first = place({{.name = "cpu", .roles = {"engine"}}},
                             {{{"a", 1}, {}, {"engine"}}, {{"b", 1}, {}, {"engine"}}});
    home = first.instances.at(0).node.name;
    away = home == "a" ? "b" : "a";
    supervisor_spec tree;
    tree.name = "root";
    tree.names = &names;
    supervisor = spawn_supervisor(*world, tree);
    router = (*world).spawn([this]() -> caf::behavior {
      return {[this](actors::get_models) { return actors::model_listing{{}, engines}; }};
    });
    names.put(actors::router_name, router);
    live.set_placed({group("cpu")});
    placement = spawn_placement(*world, options());
    tell(cluster_life{described(away)});
  }

  ~node_placement_test() override {
    names.erase(actors::router_name);
    for (const auto& each : {placement, router, caf::actor_cast<caf::actor>(supervisor)}) {
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    }
    world.run();
    names.erase(actors::proxy_name(engine()));
  }

  static config::placed_spec group(const std::string& name) {
    config::placed_spec made;
    made.engine.name = name;
    return made;
  }

  placement_options options() {
    placement_options with;
    with.names = &names;
    with.live = &live;
    with.node = away;
    with.supervisor = supervisor;
    with.engine_child = [this](const config::engine_spec& spec) { return child(spec.name); };
    with.describe = [this](const config::engine_spec&) { return flaw; };
    with.follow = [](const caf::actor&) {};
    with.leaves = [this] { return leaves; };
    with.handed_over = [this] { ++handed_over; };
    return with;
  }

  // Stands for an engine; its proxy notes what it is told.
  child_spec child(const std::string& name) {
    child_spec made;
    made.name = "engine/" + name;
    made.start = [this, name](caf::actor_system& system) -> caf::expected<caf::actor> {
      ++starts;
      auto proxy = system.spawn([this]() -> caf::behavior {
        return {[this](const actors::engine_settings& to) { told.push_back(to.draining); }};
      });
      names.put(actors::proxy_name(name), proxy);
      return proxy;
    };
    return made;
  }

  template <class Message>
  void tell(Message message) {
    caf::anon_send(placement, std::move(message));
    world.run();
  }

  void say(const std::string& name, bool draining, std::uint32_t leases) {
    actors::engine_status status;
    status.name = name;
    status.up = true;
    status.settings.draining = draining;
    status.leases = leases;
    engines = {status};
    world.advance(milliseconds{200});
  }

  // The actor dies, and another is started.
  void replace() {
    caf::anon_send_exit(placement, caf::exit_reason::kill);
    placement = spawn_placement(*world, options());
    world.run();
  }

  std::string engine() const { return away + ".cpu"; }
  bool runs() const { return names.find("engine/" + engine()) != nullptr; }

  // Its engine runs here, and then the other node comes.
  void hand_over() {
    world.advance(times.settle_max);
    ASSERT_TRUE(runs());
    tell(transport::node_change{kind::up, described(home)});
    world.advance(times.settle);
    world.advance(milliseconds{200});
  }

  const hosting_times times{};
  actors::simulated_system world;
  registry names;
  live_settings live{{}};
  std::string home, away;
  supervisor_actor supervisor;
  caf::actor router, placement;
  std::vector<actors::engine_status> engines;  // what the router says
  std::vector<bool> told;                      // whether to drain
  caf::error flaw;
  int starts = 0;
  bool leaves = false;
  int handed_over = 0;
};

TEST_F(node_placement_test,
       an_engine_that_moves_drains_once_the_other_is_up_and_ends_without_work) {
  hand_over();
  EXPECT_TRUE(told.empty());
  say(home + ".cpu", false, 0);
  EXPECT_EQ(told, std::vector{true});
  EXPECT_TRUE(live.of(engine(), {}).draining);  // a proxy that restarts knows
  say(engine(), true, 1);
  EXPECT_TRUE(runs());
  say(engine(), true, 0);
  EXPECT_FALSE(runs());
  EXPECT_FALSE(live.of(engine(), {}).draining);
  EXPECT_EQ(starts, 1);
}

TEST_F(node_placement_test, an_engine_that_drains_takes_requests_again_where_the_other_node_dies) {
  hand_over();
  say(home + ".cpu", false, 0);
  tell(transport::node_change{kind::down, described(home)});
  world.advance(times.settle);
  EXPECT_EQ(told, (std::vector{true, false}));
  say(engine(), false, 0);
  EXPECT_TRUE(runs());
  EXPECT_EQ(starts, 1);
}

TEST_F(node_placement_test, an_engine_that_has_ended_is_started_again_where_the_other_node_dies) {
  hand_over();
  say(home + ".cpu", false, 0);
  say(engine(), true, 0);
  ASSERT_FALSE(runs());
  tell(transport::node_change{kind::left, described(home)});
  world.advance(times.settle);
  EXPECT_TRUE(runs());
  EXPECT_EQ(starts, 2);
}

TEST_F(node_placement_test, what_falls_to_this_node_where_another_leaves_is_started) {
  tell(transport::node_change{kind::up, described(home)});
  world.advance(times.settle_max);
  ASSERT_FALSE(runs());
  tell(transport::node_change{kind::leaving, described(home)});
  world.advance(times.settle);
  EXPECT_TRUE(runs());
}

TEST_F(node_placement_test, a_node_that_leaves_says_when_others_run_what_it_ran) {
  world.advance(times.settle_max);
  tell(transport::node_change{kind::up, described(home)});
  tell(hand_over_all{});
  say(engine(), false, 1);
  EXPECT_EQ(handed_over, 0);
  EXPECT_TRUE(told.empty());
  say(home + ".cpu", false, 0);
  EXPECT_EQ(handed_over, 1);
  EXPECT_EQ(told, std::vector{true});
  say(engine(), true, 0);
  EXPECT_FALSE(runs());
  EXPECT_EQ(handed_over, 1);
}

TEST_F(node_placement_test, a_node_that_leaves_alone_waits_for_nobody) {
  world.advance(times.settle_max);
  tell(hand_over_all{});
  EXPECT_EQ(handed_over, 1);
  EXPECT_TRUE(runs());
  EXPECT_TRUE(told.empty());
}

TEST_F(node_placement_test, what_cannot_be_started_is_tried_again) {
  flaw = make_failure(errc::io_error, "no certificate");
  world.advance(times.settle_max);
  EXPECT_FALSE(runs());
  flaw = {};
  world.advance(times.retry);
  EXPECT_TRUE(runs());
}

TEST_F(node_placement_test, one_that_takes_the_place_of_another_keeps_what_runs) {
  world.advance(times.settle_max);
  ASSERT_TRUE(runs());
  replace();
  tell(cluster_life{described(away)});
  world.advance(times.settle_max);
  EXPECT_EQ(starts, 1);
  tell(transport::node_change{kind::up, described(home)});
  world.advance(times.settle);
  say(home + ".cpu", false, 0);
  EXPECT_EQ(told, std::vector{true}) << "it is handed over as any other";
}

TEST_F(node_placement_test, one_that_takes_the_place_of_another_goes_on_with_a_drain) {
  hand_over();
  say(home + ".cpu", false, 0);
  ASSERT_EQ(told, std::vector{true});
  replace();
  say(engine(), true, 0);
  EXPECT_FALSE(runs());
}

TEST_F(node_placement_test, one_that_takes_the_place_of_another_takes_a_drain_back) {
  hand_over();
  say(home + ".cpu", false, 0);
  say(engine(), true, 1);
  replace();
  tell(cluster_life{described(away)});
  world.advance(times.settle_max);
  EXPECT_EQ(told, (std::vector{true, false}));
  EXPECT_TRUE(runs());
}

TEST_F(node_placement_test, takes_over_other_groups_and_what_weighs_otherwise) {
  world.advance(times.settle_max);
  ASSERT_TRUE(runs());
  auto heavier = group("cpu");
  heavier.engine.weight = 5;
  live.set_placed({heavier, group("other")});
  tell(placed_changed{});
  world.advance(times.settle);
  EXPECT_EQ(starts, 2);
  EXPECT_EQ(told, std::vector{false}) << "it is told its weight";
  EXPECT_EQ(live.of(engine(), {}).weight, 5u);
  live.set_placed({});
  tell(placed_changed{});
  world.advance(times.settle);
  say(engine(), true, 0);
  EXPECT_FALSE(runs());
}

TEST_F(node_placement_test, one_that_is_started_while_the_node_leaves_hands_over) {
  world.advance(times.settle_max);
  leaves = true;
  replace();
  EXPECT_EQ(handed_over, 1) << "nobody else is there";
  EXPECT_TRUE(runs());
}

TEST_F(node_placement_test, a_new_life_keeps_what_runs) {
  world.advance(times.settle_max);
  tell(cluster_life{described(away, 2)});
  world.advance(times.settle_max);
  EXPECT_TRUE(runs());
  EXPECT_EQ(starts, 1);
}

}  // namespace
}  // namespace troupe::apps
