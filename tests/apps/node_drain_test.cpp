// The drain actor between proxies and routers: what it tells, whom it waits for.
#include "apps/node_drain.hpp"

#include <gtest/gtest.h>

#include "actors/names.hpp"
#include "apps/router_answers.hpp"
#include "tests/actors/simulated_system.hpp"

namespace troupe::apps {
namespace {

actors::engine_status status(const std::string& name, bool draining, std::uint32_t leases) {
  actors::engine_status made;
  made.name = name;
  made.up = true;
  made.settings.draining = draining;
  made.leases = leases;
  return made;
}

class node_drain_test : public ::testing::Test {
 protected:
  node_drain_test() {
    put(actors::proxy_name("cpu"), (*world).spawn([this]() -> caf::behavior {
      return {[this](const actors::engine_settings& to) { told.push_back(to); }};
    }));
  }

  ~node_drain_test() override {
    for (const auto& each : spawned) caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    for (const auto& each : names.names()) names.erase(each);
    world.run();
  }

  void put(const std::string& name, const caf::actor& actor) {
    names.put(name, actor);
    spawned.push_back(actor);
  }

  // A router that says what the test says.
  void add_router(const std::string& name, std::vector<actors::engine_status>& says) {
    put(name, (*world).spawn([&says]() -> caf::behavior {
      return {[&says](actors::get_models) { return actors::model_listing{{}, says}; }};
    }));
  }

  void drain() {
    spawned.push_back(spawn_node_drain(*world, {&names, &live, [this] { ++drained; }}));
    world.run();
  }

  void look() { world.advance(std::chrono::milliseconds{50}); }

  actors::simulated_system world;
  registry names;
  live_settings live{{}};
  std::vector<caf::actor> spawned;
  std::vector<actors::engine_settings> told;
  int drained = 0;
};

TEST_F(node_drain_test, waits_until_no_other_router_has_requests_at_an_engine_here) {
  std::vector<actors::engine_status> one{status("cpu", false, 0)}, two{status("cpu", true, 1)};
  add_router(actors::router_name_of("a"), one);
  add_router(actors::router_name_of("b"), two);
  live.set("cpu", {.weight = 7});
  drain();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].draining);
  EXPECT_TRUE(told[0].node_leaves);
  EXPECT_EQ(told[0].weight, 7u);
  EXPECT_TRUE(live.of("cpu", {}).draining) << "for a proxy that restarts";
  EXPECT_EQ(drained, 0) << "a does not know it yet";
  one = {status("cpu", true, 0)};
  look();
  EXPECT_EQ(drained, 0) << "b has a request there";
  two = {status("other", true, 9)};
  look();
  EXPECT_EQ(drained, 1);
  look();
  EXPECT_EQ(drained, 1);
}

TEST_F(node_drain_test, what_the_router_of_this_node_does_is_not_waited_for) {
  std::vector<actors::engine_status> own{status("cpu", true, 1)};
  add_router(actors::router_name, own);
  drain();
  EXPECT_EQ(drained, 1);
}

TEST_F(node_drain_test, a_router_that_is_gone_is_waited_for_no_longer) {
  std::vector<actors::engine_status> busy{status("cpu", true, 1)};
  add_router(actors::router_name_of("a"), busy);
  drain();
  look();
  EXPECT_EQ(drained, 0);
  names.erase(actors::router_name_of("a"));
  look();
  EXPECT_EQ(drained, 1);
}

}  // namespace
}  // namespace troupe::apps
