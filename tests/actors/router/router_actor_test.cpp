#include "actors/router/router_actor.hpp"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "actors/names.hpp"
#include "tests/actors/simulated_system.hpp"

namespace troupe::actors {
namespace {

struct router_actor_test : testing::Test {
  router_actor_test() { start_router(); }

  ~router_actor_test() override {
    caf::anon_send_exit(router, caf::exit_reason::user_shutdown);
    for (auto& [name, proxy] : proxies) caf::anon_send_exit(proxy, caf::exit_reason::kill);
    proxies.clear();
    for (const auto& name : names.names()) names.erase(name);
    system.run();
  }

  void start_router() {
    config::router_spec spec;
    spec.policy = config::routing_policy::round_robin;
    spec.models = {{.name = "m", .aliases = {"gpt-4o"}}, {.name = "absent", .aliases = {"nobody"}}};
    router = spawn_router(*system, {spec, &names, metrics});
    names.put(router_name, router);
    system.run();
  }

  void add_engine(const std::string& name) {
    proxies[name] = (*system).spawn(
        [this, name](engine_proxy_actor::pointer self) -> engine_proxy_actor::behavior_type {
          return {
              [name](const grant_request& request) {
                return engine_lease{
                    request.choice.lease, request.choice.engine, name, "h", 1, request.epoch, 0};
              },
              [](attempt_failed) {},
              [](const engine_address&) {},
              [](probe_tick) {},
              [](const probe_done&) {},
              [this, name, self](report_to_router) {
                self->send(router, report_of(name, true), engine_proxy_actor{self});
              },
          };
        });
    names.put(proxy_name(name), proxies[name]);
    report(name, true);
  }

  static engine_report report_of(const std::string& name, bool up) {
    engine_report message;
    message.name = name;
    message.up = up;
    message.models = {{"m", R"({"id":"m"})"}};
    return message;
  }

  void report(const std::string& name, bool up) {
    caf::anon_send(router, report_of(name, up), proxies[name]);
    system.run();
  }

  struct result {
    std::string engine;
    errc code{};
    std::uint32_t id = 0;
  };

  result route(const std::string& model, std::vector<std::uint32_t> tried = {}) {
    result out;
    (*system).spawn([&, target = router](caf::event_based_actor* self) {
      route_request message;
      message.facts.model = model;
      message.tried = std::move(tried);
      self->send(target, std::move(message));
      self->become([&, self](const engine_lease& lease) {
        out.engine = lease.engine_name;
        out.id = static_cast<std::uint32_t>(lease.engine);
        self->quit();
      });
      self->set_error_handler([&, self](caf::error& error) {
        out.code = failure_code(error, errc::io_error);
        self->quit();
      });
    });
    system.run();
    return out;
  }

  simulated_system system;
  registry names;
  std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();
  router_actor router;
  std::map<std::string, engine_proxy_actor> proxies;
};

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

// Engine a takes one request at a time; ended() ends the last one given out.
struct waiting_room : router_actor_test {
  waiting_room() {
    add_engine("a");
    auto one = report_of("a", true);
    one.settings.requests_max = 1;
    caf::anon_send(router, one, proxies["a"]);
    system.run();
  }

  // Asks for an engine and stays there, as a stream does.
  caf::actor ask_for_engine(std::uint64_t number, std::uint32_t waited_ms = 0) {
    route_request message;
    message.request = number;
    message.facts.model = "m";
    message.waited_ms = waited_ms;
    auto asker =
        (*system).spawn([this, number, message, target = router](caf::event_based_actor* self) {
          self->send(target, message);
          self->set_error_handler([this, number](caf::error& error) { refused[number] = error; });
          return caf::behavior{
              [this, number](const engine_lease& lease) { leases[number] = lease; },
              [self, target](withdraw_request message) { self->send(target, message); },
          };
        });
    askers.push_back(asker);
    system.run();
    return asker;
  }

  void end(std::uint64_t number) {
    caf::anon_send(router, request_ended{leases.at(number).id, lease_outcome::completed, {}});
    system.run();
  }

  ~waiting_room() override {
    for (auto& asker : askers) caf::anon_send_exit(asker, caf::exit_reason::kill);
    askers.clear();
    system.run();
  }

  std::vector<caf::actor> askers;
  std::map<std::uint64_t, engine_lease> leases;
  std::map<std::uint64_t, caf::error> refused;
};

TEST_F(waiting_room, a_request_waits_and_is_served_when_a_lease_ends) {
  ask_for_engine(1);
  ask_for_engine(2);
  EXPECT_TRUE(leases.contains(1));
  EXPECT_FALSE(leases.contains(2));
  end(1);
  EXPECT_EQ(leases.at(2).engine_name, "a");
  EXPECT_NE(leases.at(2).id, leases.at(1).id);
}

TEST_F(waiting_room, a_new_engine_is_used_at_once) {
  ask_for_engine(1);
  ask_for_engine(2);
  add_engine("b");
  EXPECT_EQ(leases.at(2).engine_name, "b");
}

TEST_F(waiting_room, a_client_that_leaves_leaves_the_queue) {
  ask_for_engine(1);
  const auto second = ask_for_engine(2);
  ask_for_engine(3);
  caf::anon_send(second, withdraw_request{7});  // of another request: nothing
  caf::anon_send(second, withdraw_request{2});
  system.run();
  EXPECT_EQ(failure_code(refused.at(2), errc::io_error), errc::cancelled);
  end(1);
  EXPECT_FALSE(leases.contains(2));
  EXPECT_TRUE(leases.contains(3));
}

TEST_F(waiting_room, nobody_waits_beyond_the_deadline_though_nothing_happens) {
  ask_for_engine(1);
  ask_for_engine(2, 29'000);
  system.advance(std::chrono::milliseconds{1'000});
  EXPECT_EQ(failure_code(refused.at(2), errc::io_error), errc::too_many_requests);
  EXPECT_GT(retry_after_s(refused.at(2)).value_or(0), 0U);
}

TEST_F(waiting_room, an_engine_that_goes_down_sends_away_who_waits_for_it) {
  ask_for_engine(1);
  ask_for_engine(2);
  report("a", false);
  EXPECT_EQ(failure_code(refused.at(2), errc::io_error), errc::no_engine);
}

TEST_F(router_actor_test, a_proxy_that_ends_takes_its_engine_with_it) {
  add_engine("a");
  caf::anon_send_exit(proxies["a"], caf::exit_reason::kill);
  system.run();
  EXPECT_EQ(route("m").code, errc::unknown_model);
  add_engine("a");
  EXPECT_EQ(route("m").engine, "a");
}

TEST_F(router_actor_test, a_new_router_hears_from_all_proxies) {
  add_engine("a");
  add_engine("b");
  caf::anon_send_exit(router, caf::exit_reason::kill);
  system.run();
  start_router();
  EXPECT_FALSE(route("m").engine.empty());
}

TEST_F(router_actor_test, lists_models_once_and_engines_with_their_load) {
  add_engine("a");
  add_engine("b");
  route("m");
  model_listing listing;
  (*system).spawn([&, target = router](caf::event_based_actor* self) {
    self->send(target, get_models{});
    self->become([&, self](const model_listing& answer) {
      listing = answer;
      self->quit();
    });
  });
  system.run();
  ASSERT_EQ(listing.models.size(), 2U);
  EXPECT_EQ(listing.models[0].id, "gpt-4o");
  EXPECT_EQ(listing.models[0].json, R"({"id":"gpt-4o"})");
  EXPECT_EQ(listing.models[1].id, "m");
  ASSERT_EQ(listing.engines.size(), 2U);
  EXPECT_EQ(listing.engines[0].load + listing.engines[1].load, 1U);
}

}  // namespace
}  // namespace troupe::actors
