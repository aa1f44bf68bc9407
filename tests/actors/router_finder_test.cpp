// Whom the finder publishes while nodes and their routers come and go.
#include "actors/router_finder.hpp"

#include <map>

#include <gtest/gtest.h>

#include "actors/names.hpp"
#include "tests/actors/simulated_system.hpp"
#include "transport/links/membership_actor.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::actors {
namespace {

using transport::node_change;
using kind = membership_event::kind;

struct router_finder_test : ::testing::Test {
  router_finder_test() {
    finder = spawn_router_finder(*world, {&names, [this](const node_description& node) {
                                            asked.push_back(node.id);
                                            return caf::actor_cast<caf::strong_actor_ptr>(server);
                                          }});
    // The node_server of every node: it knows one router, or none.
    server = (*world).spawn([this]() -> caf::behavior {
      return {[this](const transport::get_actor& what) -> caf::result<caf::strong_actor_ptr> {
        EXPECT_EQ(what.name, router_name);
        if (router == nullptr) return make_failure(errc::not_found, "none yet");
        return router;
      }};
    });
  }

  ~router_finder_test() override {
    router = nullptr;
    caf::anon_send_exit(finder, caf::exit_reason::user_shutdown);
    for (const auto& each : {server, other}) {
      if (each) caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    }
    names.erase(router_name_of("far"));
    names.erase(proxy_name("e"));
    world.run();
  }

  static node_description node(const std::string& role, std::uint64_t incarnation = 1) {
    node_description described;
    described.id = {"far", incarnation};
    described.roles = {role};
    return described;
  }

  void tell(kind what, const node_description& of) {
    caf::anon_send(finder, node_change{what, of});
    world.run();
  }

  void start_router() {
    other = (*world).spawn([]() -> caf::behavior { return {[](stop_request) {}}; });
    router = caf::actor_cast<caf::strong_actor_ptr>(other);
  }

  caf::strong_actor_ptr published() const { return names.find(router_name_of("far")); }

  simulated_system world;
  registry names;
  caf::strong_actor_ptr router;
  caf::actor finder, server, other;
  std::vector<node_id> asked;
};

TEST_F(router_finder_test, a_router_is_published_under_its_node) {
  start_router();
  tell(kind::up, node("router"));
  EXPECT_EQ(published(), router);
}

TEST_F(router_finder_test, nodes_without_a_router_are_not_asked) {
  tell(kind::up, node("engine"));
  EXPECT_TRUE(asked.empty());
}

TEST_F(router_finder_test, a_router_that_is_not_there_yet_is_looked_for_again) {
  tell(kind::up, node("router"));
  EXPECT_EQ(published(), nullptr);
  start_router();
  world.advance(std::chrono::milliseconds{200});
  EXPECT_EQ(published(), router);
}

TEST_F(router_finder_test, all_proxies_of_this_node_report_when_one_is_found) {
  int reports = 0;
  const auto proxy = (*world).spawn(
      [&reports]() -> caf::behavior { return {[&reports](report_to_router) { ++reports; }}; });
  names.put(proxy_name("e"), proxy);
  start_router();
  tell(kind::up, node("router"));
  EXPECT_EQ(reports, 1);
  caf::anon_send_exit(proxy, caf::exit_reason::user_shutdown);
}

TEST_F(router_finder_test, a_router_that_ends_is_withdrawn_and_its_successor_published) {
  start_router();
  tell(kind::up, node("router"));
  const auto before = router;
  router = nullptr;
  caf::anon_send_exit(other, caf::exit_reason::kill);
  world.run();
  EXPECT_EQ(published(), nullptr);
  start_router();
  world.advance(std::chrono::milliseconds{400});
  EXPECT_EQ(published(), router);
  EXPECT_NE(published(), before);
}

TEST_F(router_finder_test, a_node_that_is_down_is_withdrawn) {
  start_router();
  tell(kind::up, node("router"));
  tell(kind::down, node("router"));
  EXPECT_EQ(published(), nullptr);
}

TEST_F(router_finder_test, the_end_of_an_old_life_says_nothing_of_the_new) {
  start_router();
  tell(kind::up, node("router", 1));
  tell(kind::up, node("router", 2));
  tell(kind::down, node("router", 1));
  EXPECT_EQ(published(), router);
  EXPECT_EQ(asked.back(), (node_id{"far", 2}));
}

}  // namespace
}  // namespace troupe::actors
