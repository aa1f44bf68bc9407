// A supervisor under the test coordinator, and children that note their starts and ends.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/errc.hpp"
#include "runtime/supervisor.hpp"
#include "tests/runtime/worlds.hpp"

namespace troupe::testing {

class supervisor_test : public ::testing::Test {
 protected:
  // A child that notes its start and end; `stubborn` ones ignore a request to end.
  child_spec child(const std::string& name, restart_kind kind = restart_kind::permanent,
                   bool stubborn = false) {
    return {name, kind, std::chrono::milliseconds{1'000},
            [this, name, stubborn](caf::actor_system& system) -> caf::expected<caf::actor> {
              if (broken.contains(name)) return make_failure(errc::io_error, "cannot start");
              log += "+" + name;
              return system.spawn([this, name, stubborn](caf::event_based_actor* self) {
                self->attach_functor([this, name] { log += "-" + name; });
                if (stubborn) self->set_exit_handler([](caf::exit_msg&) {});
                return caf::behavior{[](int) {}};
              });
            }};
  }

  void start(std::vector<child_spec> children, supervisor_policy policy = {}) {
    supervisor_spec spec{.name = "boss", .policy = policy, .children = std::move(children)};
    spec.names = &names;
    spec.on_restart = [this](const std::string& name) { ++restarts[name]; };
    boss = spawn_supervisor(world.system, std::move(spec));
    boss->attach_functor([this](const caf::error& reason) {
      log += "!";
      end_reason = reason;
    });
    world.run();
  }

  // Ends a child, as a bug would.
  void crash(const std::string& name) { end(name, make_failure(errc::io_error, "crash")); }
  void end(const std::string& name, const caf::error& reason) {
    const auto actor = names.find_as<caf::actor>(name);
    ASSERT_TRUE(actor) << name;
    caf::anon_send(actor, caf::exit_msg{actor.address(), reason});
    world.run();
  }
  void stop() {
    caf::anon_send_exit(boss, caf::exit_reason::user_shutdown);
    world.run();
  }
  // What a request came to: the report, or the error and its sentence.
  struct outcome {
    std::optional<child_report> report;
    errc code = errc::timeout;
    std::string error = "no answer";
  };
  template <class Request>
  outcome ask(Request request) {
    outcome out;
    world.system.spawn([&, this](caf::event_based_actor* self) {
      self->request(boss, caf::infinite, std::move(request))
          .then([&out](child_report& r) { out.report = std::move(r); },
                [&out](const caf::error& e) {
                  out.code = failure_code(e, errc::timeout);
                  out.error = failure_text(e);
                });
    });
    world.run();
    return out;
  }
  std::string take_log() { return std::exchange(log, {}); }

  void TearDown() override {
    caf::anon_send_exit(boss, caf::exit_reason::kill);
    boss = supervisor_actor{};
    world.run();
    world.scheduler().trigger_timeouts();
    world.run();
  }

  registry names;
  sim_world world;
  supervisor_actor boss;
  std::set<std::string> broken;
  std::map<std::string, int> restarts;
  std::string log;
  caf::error end_reason;
};

}  // namespace troupe::testing
