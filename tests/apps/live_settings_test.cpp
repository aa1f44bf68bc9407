// What a restarted router or proxy is told: what was set last, else the configuration.
#include "apps/live_settings.hpp"

#include <gtest/gtest.h>

namespace troupe::apps {
namespace {

TEST(live_settings, an_engine_of_ours_is_given_no_more_than_it_takes) {
  config::engine_spec engine;
  engine.weight = 4;
  engine.limits.running_requests_max = 8;
  engine.limits.queued_requests_max = 20;
  EXPECT_EQ(settings_of(engine).weight, 4u);
  EXPECT_EQ(settings_of(engine).requests_max, 28u);
  engine.requests_max = 5;
  EXPECT_EQ(settings_of(engine).requests_max, 5u);
  engine.requests_max = 0;
  engine.kind = config::engine_kind::openai;
  EXPECT_EQ(settings_of(engine).requests_max, 0u);
}

TEST(live_settings, what_was_set_counts_until_it_is_forgotten) {
  live_settings live{config::router_spec{}};
  config::engine_spec engine;
  engine.weight = 2;
  EXPECT_EQ(live.of("a", engine).weight, 2u);
  live.set("a", {.weight = 9, .draining = true});
  EXPECT_EQ(live.of("a", engine).weight, 9u);
  EXPECT_TRUE(live.of("a", engine).draining);
  EXPECT_EQ(live.of("b", engine).weight, 2u);
  live.forget("a");
  EXPECT_FALSE(live.of("a", engine).draining);
}

TEST(live_settings, keeps_the_router_s_configuration) {
  live_settings live{config::router_spec{}};
  auto spec = live.router();
  EXPECT_EQ(spec.policy, config::routing_policy::prefix);
  spec.policy = config::routing_policy::session;
  live.set_router(spec);
  EXPECT_EQ(live.router().policy, config::routing_policy::session);
}

}  // namespace
}  // namespace troupe::apps
