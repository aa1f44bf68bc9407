#include "actors/engine_proxy/engine_health.hpp"

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

using std::chrono::milliseconds;

struct engine_health_test : testing::Test {
  time_point start{std::chrono::seconds{100}};
  engine_health health{{.probe_interval = milliseconds{1000}, .retry_min = milliseconds{50}}};

  void bring_up() {
    health.endpoint_known(start);
    health.probe_passed(start);
  }
};

TEST_F(engine_health_test, starts_without_anything_to_probe) {
  EXPECT_EQ(health.state(), health_state::starting);
  EXPECT_FALSE(health.probes());
  health.probe_passed(start);
  EXPECT_EQ(health.state(), health_state::starting);
}

TEST_F(engine_health_test, is_up_after_its_first_probe) {
  health.endpoint_known(start);
  EXPECT_EQ(health.next_probe(), start);
  health.probe_passed(start);
  EXPECT_EQ(health.state(), health_state::up);
  EXPECT_EQ(health.next_probe(), start + milliseconds{1000});
}

TEST_F(engine_health_test, stays_starting_while_it_loads) {
  health.endpoint_known(start);
  for (int i = 0; i < 10; ++i) health.probe_failed(errc::connect_failed, start);
  EXPECT_EQ(health.state(), health_state::starting);
}

TEST_F(engine_health_test, a_refused_connection_is_a_verdict) {
  bring_up();
  health.attempt_failed(errc::connect_failed, start);
  EXPECT_EQ(health.state(), health_state::down);
  EXPECT_EQ(health.next_probe(), start);
}

TEST_F(engine_health_test, a_lost_connection_is_evidence_until_the_probe) {
  bring_up();
  health.attempt_failed(errc::connection_lost, start);
  EXPECT_EQ(health.state(), health_state::suspect);
  health.probe_passed(start);
  EXPECT_EQ(health.state(), health_state::up);
}

TEST_F(engine_health_test, a_suspect_that_fails_its_probe_is_down) {
  bring_up();
  health.attempt_failed(errc::timeout, start);
  health.probe_failed(errc::timeout, start);
  EXPECT_EQ(health.state(), health_state::down);
}

TEST_F(engine_health_test, many_streams_that_report_one_failure_count_once) {
  bring_up();
  for (int i = 0; i < 5; ++i) health.attempt_failed(errc::connection_lost, start);
  EXPECT_EQ(health.state(), health_state::suspect);
}

TEST_F(engine_health_test, probes_back_off_up_to_the_interval) {
  bring_up();
  auto at = start;
  milliseconds expected[] = {milliseconds{50},  milliseconds{100}, milliseconds{200},
                             milliseconds{400}, milliseconds{800}, milliseconds{1000},
                             milliseconds{1000}};
  for (auto gap : expected) {
    health.probe_failed(errc::connect_failed, at);
    EXPECT_EQ(health.next_probe(), at + gap);
    at = health.next_probe();
  }
  health.probe_passed(at);
  health.probe_failed(errc::timeout, at);
  EXPECT_EQ(health.next_probe(), at + milliseconds{50});
}

TEST_F(engine_health_test, a_new_address_starts_afresh) {
  bring_up();
  health.endpoint_gone();
  EXPECT_EQ(health.state(), health_state::down);
  EXPECT_FALSE(health.probes());
  health.probe_passed(start);
  EXPECT_EQ(health.state(), health_state::down);
  health.endpoint_known(start);
  EXPECT_EQ(health.state(), health_state::starting);
}

}  // namespace
}  // namespace troupe::actors
