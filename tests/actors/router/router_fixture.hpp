// A router actor between proxies of the test's making.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "actors/names.hpp"
#include "actors/router/router_actor.hpp"
#include "tests/actors/simulated_system.hpp"

namespace troupe::actors {

struct router_fixture : testing::Test {
  router_fixture() { start_router(); }

  ~router_fixture() override {
    caf::anon_send_exit(router, caf::exit_reason::user_shutdown);
    for (auto& [name, proxy] : proxies) caf::anon_send_exit(proxy, caf::exit_reason::kill);
    proxies.clear();
    for (const auto& name : names.names()) names.erase(name);
    system.run();
  }

  void start_router(std::chrono::milliseconds hears_within = {}) {
    config::router_spec spec;
    spec.policy = config::routing_policy::round_robin;
    spec.models = {{.name = "m", .aliases = {"gpt-4o"}}, {.name = "absent", .aliases = {"nobody"}}};
    router = spawn_router(*system, {spec, &names, metrics, 0, hears_within});
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
              [](engine_settings) {},
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

  void end_proxy(const std::string& name, caf::exit_reason why) {
    caf::anon_send_exit(proxies[name], why);
    system.run();
  }

  model_listing list() {
    model_listing listing;
    (*system).spawn([&, target = router](caf::event_based_actor* self) {
      self->send(target, get_models{});
      self->become([&, self](const model_listing& answer) {
        listing = answer;
        self->quit();
      });
    });
    system.run();
    return listing;
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

}  // namespace troupe::actors
