// Requests that wait at the router actor: served, withdrawn, turned away.
#include <gtest/gtest.h>

#include "tests/actors/router/router_fixture.hpp"

namespace troupe::actors {
namespace {

// Engine a takes one request at a time; ended() ends the last one given out.
struct waiting_requests : router_fixture {
  waiting_requests() {
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

  ~waiting_requests() override {
    for (auto& asker : askers) caf::anon_send_exit(asker, caf::exit_reason::kill);
    askers.clear();
    system.run();
  }

  std::vector<caf::actor> askers;
  std::map<std::uint64_t, engine_lease> leases;
  std::map<std::uint64_t, caf::error> refused;
};

TEST_F(waiting_requests, a_request_waits_and_is_served_when_a_lease_ends) {
  ask_for_engine(1);
  ask_for_engine(2);
  EXPECT_TRUE(leases.contains(1));
  EXPECT_FALSE(leases.contains(2));
  end(1);
  EXPECT_EQ(leases.at(2).engine_name, "a");
  EXPECT_NE(leases.at(2).id, leases.at(1).id);
}

TEST_F(waiting_requests, a_new_engine_is_used_at_once) {
  ask_for_engine(1);
  ask_for_engine(2);
  add_engine("b");
  EXPECT_EQ(leases.at(2).engine_name, "b");
}

TEST_F(waiting_requests, a_request_is_answered_where_its_router_ends) {
  ask_for_engine(1);
  ask_for_engine(2);
  caf::anon_send_exit(router, caf::exit_reason::kill);
  system.run();
  EXPECT_EQ(refused.at(2), caf::sec::request_receiver_down);
}

TEST_F(waiting_requests, a_client_that_leaves_leaves_the_queue) {
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

TEST_F(waiting_requests, nobody_waits_beyond_the_deadline_though_nothing_happens) {
  ask_for_engine(1);
  ask_for_engine(2, 29'000);
  system.advance(std::chrono::milliseconds{1'000});
  EXPECT_EQ(failure_code(refused.at(2), errc::io_error), errc::too_many_requests);
  EXPECT_GT(retry_after_s(refused.at(2)).value_or(0), 0U);
}

TEST_F(waiting_requests, an_engine_that_goes_down_sends_away_who_waits_for_it) {
  ask_for_engine(1);
  ask_for_engine(2);
  report("a", false);
  EXPECT_EQ(failure_code(refused.at(2), errc::io_error), errc::no_engine);
}

}  // namespace
}  // namespace troupe::actors
