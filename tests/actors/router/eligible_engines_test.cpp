// Where a request may go that engines have failed: some of these may have gone with their nodes.
#include "actors/router/eligible_engines.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "actors/router/router_core.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;

class eligible_engines_test : public testing::Test {
 protected:
  // Engines of one model, each on a node and of so many requests at most.
  void start(const std::vector<std::uint64_t>& nodes, std::uint32_t requests_max = 0) {
    core.emplace(config::router_spec{.policy = config::routing_policy::least_loaded, .limits = {}});
    for (const auto node : nodes) {
      configs.push_back({.name = "e" + std::to_string(configs.size()),
                         .models = {"m"},
                         .settings = {.requests_max = requests_max},
                         .node = node});
      ids.push_back(*core->add_engine(configs.back()));
    }
  }

  caf::expected<decision> ask(std::vector<engine_id> failed = {}) {
    prompt_facts facts;
    facts.model = "m";
    return core->route(facts, failed, now);
  }

  // Which engine takes the request, if one does: as an index.
  std::optional<std::size_t> route(std::vector<engine_id> failed = {}) {
    const auto made = ask(std::move(failed));
    if (!made) return std::nullopt;
    return std::ranges::find(ids, made->engine) - ids.begin();
  }

  // The engine with this index takes a request, and fails it.
  void fail(std::size_t which) {
    std::vector<engine_id> others = ids;
    std::erase(others, ids[which]);
    const auto made = ask(others);
    ASSERT_TRUE(made);
    core->finished(made->lease, {}, lease_outcome::failed, now);
  }

  void fill(std::size_t which) { core->report_load(ids[which], {.running = 9, .waiting = 0}); }

  std::optional<router_core> core;
  std::vector<engine_config> configs;
  std::vector<engine_id> ids;
  time_point now = time_point{} + 1h;
};

TEST_F(eligible_engines_test, a_retry_goes_to_another_node_however_busy) {
  start({1, 1, 2});
  fill(2);
  fail(0);
  EXPECT_EQ(route(), 0u) << "others are not concerned";
  EXPECT_EQ(route({ids[0]}), 2u);
}

TEST_F(eligible_engines_test, it_waits_for_room_there) {
  start({1, 1, 2}, 1);
  fill(2);
  fail(0);
  const auto made = ask({ids[0]});
  ASSERT_FALSE(made);
  EXPECT_EQ(failure_code(made.error(), errc::io_error), errc::overloaded);
}

TEST_F(eligible_engines_test, once_the_proxy_is_heard_the_node_is_there) {
  start({1, 1, 2});
  fill(2);
  fail(0);
  core->update_engine(ids[1], configs[1]);
  EXPECT_EQ(route({ids[0]}), 2u) << "that was another";
  core->update_engine(ids[0], configs[0]);
  EXPECT_EQ(route({ids[0]}), 1u);
}

TEST_F(eligible_engines_test, by_and_by_its_end_would_be_known) {
  start({1, 1, 2});
  fill(2);
  fail(0);
  now += 1'499ms;
  EXPECT_EQ(route({ids[0]}), 2u);
  now += 1ms;
  EXPECT_EQ(route({ids[0]}), 1u);
}

TEST_F(eligible_engines_test, where_no_other_node_takes_requests_it_goes_to_the_same) {
  start({1, 1, 2});
  fail(0);
  core->set_state(ids[2], engine_state::down);
  EXPECT_EQ(route({ids[0]}), 1u);
}

TEST_F(eligible_engines_test, what_failed_it_before_is_no_other_node) {
  start({1, 1, 2});
  fail(0);
  fail(2);
  EXPECT_EQ(route({ids[0], ids[2]}), 1u);
}

TEST_F(eligible_engines_test, the_node_of_the_router_lives) {
  start({home_node, home_node, 2});
  fill(2);
  fail(0);
  EXPECT_EQ(route({ids[0]}), 1u);
}

}  // namespace
}  // namespace troupe::actors
