// Which engine the router actor forwards to, and what it hears of engines.
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/actors/router/router_fixture.hpp"

namespace troupe::actors {
namespace {

using router_actor_test = router_fixture;

TEST_F(router_actor_test, knows_no_model_before_an_engine_reports) {
  EXPECT_EQ(route("m").code, errc::unknown_model);
}

TEST_F(router_actor_test, a_model_may_be_that_of_an_engine_that_still_starts) {
  add_engine("a");
  proxies["b"] = proxies["a"];
  auto starting = report_of("b", false);
  starting.models.clear();
  caf::anon_send(router, starting, proxies["b"]);
  system.run();
  EXPECT_EQ(route("other").code, errc::no_engine);
  EXPECT_EQ(route("m").engine, "a");
}

TEST_F(router_actor_test, a_model_may_be_that_of_an_engine_it_has_yet_to_hear_of) {
  caf::anon_send_exit(router, caf::exit_reason::user_shutdown);
  start_router(std::chrono::milliseconds{3'000});
  EXPECT_EQ(route("m").code, errc::no_engine);
  system.advance(std::chrono::milliseconds{2'999});
  EXPECT_EQ(route("m").code, errc::no_engine);
  system.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(route("m").code, errc::unknown_model);
}

TEST_F(router_actor_test, forwards_to_the_proxy_of_the_engine_it_chose) {
  add_engine("a");
  add_engine("b");
  std::map<std::string, int> count;
  for (int i = 0; i < 10; ++i) ++count[route("m").engine];
  EXPECT_EQ(count["a"], 5);
  EXPECT_EQ(count["b"], 5);
  EXPECT_EQ(route("other").code, errc::unknown_model);
}

TEST_F(router_actor_test, leaves_out_what_was_tried) {
  add_engine("a");
  add_engine("b");
  auto first = route("m");
  auto second = route("m", {first.id});
  EXPECT_NE(first.engine, second.engine);
  EXPECT_EQ(route("m", {first.id, second.id}).code, errc::no_engine);
}

TEST_F(router_actor_test, an_engine_that_is_down_gets_nothing) {
  add_engine("a");
  add_engine("b");
  report("a", false);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(route("m").engine, "b");
  report("b", false);
  EXPECT_EQ(route("m").code, errc::no_engine);
  report("a", true);
  EXPECT_EQ(route("m").engine, "a");
}

TEST_F(router_actor_test, an_engine_that_is_removed_is_forgotten_at_once) {
  add_engine("a");
  end_proxy("a", caf::exit_reason::user_shutdown);
  EXPECT_EQ(route("m").code, errc::unknown_model);
  add_engine("a");
  EXPECT_EQ(route("m").engine, "a");
}

TEST_F(router_actor_test, the_engine_of_a_proxy_that_crashed_is_kept_until_it_is_restarted) {
  add_engine("a");
  end_proxy("a", caf::exit_reason::kill);
  EXPECT_EQ(route("m").code, errc::no_engine);
  add_engine("a");
  EXPECT_EQ(route("m").engine, "a");
}

// Its node may come back: clients are told to try again, not that there is no such model.
TEST_F(router_actor_test, an_engine_whose_node_is_gone_is_kept_as_down_for_a_while) {
  add_engine("a");
  end_proxy("a", caf::exit_reason::remote_link_unreachable);
  EXPECT_EQ(route("m").code, errc::no_engine);
  system.advance(std::chrono::minutes{11});
  EXPECT_EQ(route("m").code, errc::unknown_model);
  add_engine("a");
  EXPECT_EQ(route("m").engine, "a");
}

// As in a rolling restart: its engines drain, and end in order.
TEST_F(router_actor_test, an_engine_whose_node_stops_in_order_is_asked_for_again_for_a_while) {
  add_engine("a");
  auto leaving = report_of("a", true);
  leaving.settings.draining = leaving.settings.node_leaves = true;
  caf::anon_send(router, leaving, proxies["a"]);
  end_proxy("a", caf::exit_reason::user_shutdown);
  EXPECT_EQ(route("m").code, errc::no_engine);
  EXPECT_TRUE(list().engines.empty());
  EXPECT_TRUE(list().models.empty());
  add_engine("a");
  EXPECT_EQ(route("m").engine, "a");
  end_proxy("a", caf::exit_reason::user_shutdown);
  EXPECT_EQ(route("m").code, errc::unknown_model) << "its next life stays, and it was removed";
}

TEST_F(router_actor_test, a_new_router_hears_from_all_proxies) {
  add_engine("a");
  add_engine("b");
  caf::anon_send_exit(router, caf::exit_reason::kill);
  system.run();
  start_router();
  EXPECT_FALSE(route("m").engine.empty());
}

TEST_F(router_actor_test, a_draining_engine_gets_nothing_new_and_says_what_it_has) {
  add_engine("a");
  add_engine("b");
  while (route("m").engine != "a") {
  }
  auto draining = report_of("a", true);
  draining.settings.draining = true;
  caf::anon_send(router, draining, proxies["a"]);
  system.run();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(route("m").engine, "b");
  const auto engines = list().engines;
  ASSERT_EQ(engines.size(), 2U);
  EXPECT_TRUE(engines[0].settings.draining);
  EXPECT_GE(engines[0].leases, 1U);
  EXPECT_EQ(engines[0].models, std::vector<std::string>{"m"});
}

TEST_F(router_actor_test, takes_over_another_configuration) {
  add_engine("a");
  EXPECT_EQ(route("gpt-5").code, errc::unknown_model);
  config::router_spec spec;
  spec.models = {{.name = "m", .aliases = {"gpt-5"}}};
  caf::anon_send(router, reconfigure_router{spec});
  system.run();
  const auto models = list().models;
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].id, "gpt-5");
  EXPECT_EQ(route("m").engine, "a");
}

TEST_F(router_actor_test, lists_models_once_and_engines_with_their_load) {
  add_engine("a");
  add_engine("b");
  route("m");
  const auto listing = list();
  ASSERT_EQ(listing.models.size(), 2U);
  EXPECT_EQ(listing.models[0].id, "gpt-4o");
  EXPECT_EQ(listing.models[0].json, R"({"id":"gpt-4o"})");
  EXPECT_EQ(listing.models[1].id, "m");
  ASSERT_EQ(listing.engines.size(), 2U);
  EXPECT_EQ(listing.engines[0].load + listing.engines[1].load, 1U);
}

}  // namespace
}  // namespace troupe::actors
