// Which engine each policy chooses, and what it calls the reason.
#include "actors/router/engine_choice.hpp"

#include <map>

#include <gtest/gtest.h>

#include "runtime/rendezvous.hpp"

namespace troupe::actors {
namespace {

using config::routing_policy;

engine_cost line(std::uint32_t slot, std::uint32_t load, double cost_s, std::uint32_t cached = 0) {
  return {.slot = slot,
          .name_hash = rendezvous_name(std::to_string(slot)),
          .cached_tokens = cached,
          .load = load,
          .cost_s = cost_s};
}

class engine_choice_test : public testing::Test {
 protected:
  engine_choice choose(routing_policy policy, const std::vector<engine_cost>& lines,
                       std::string_view session = {}) {
    return choose_engine({policy, 125}, lines, session, turns_);
  }

  weighted_rotation turns_;
};

TEST_F(engine_choice_test, one_candidate_needs_no_policy) {
  for (const auto policy : {routing_policy::prefix, routing_policy::session}) {
    EXPECT_EQ(choose(policy, {line(0, 9, 9)}, "s").reason, route_reason::only_candidate);
  }
}

TEST_F(engine_choice_test, prefix_takes_the_least_cost_and_says_why) {
  const auto cold = choose(routing_policy::prefix, {line(0, 0, 2), line(1, 5, 1), line(2, 0, 3)});
  EXPECT_EQ(cold.index, 1u);
  EXPECT_EQ(cold.reason, route_reason::least_cost);
  const auto warm = choose(routing_policy::prefix, {line(0, 0, 2), line(1, 5, 1, 100)});
  EXPECT_EQ(warm.reason, route_reason::prefix);
}

TEST_F(engine_choice_test, least_loaded_counts_load_per_weight) {
  auto lines = std::vector{line(0, 2, 0), line(1, 5, 0)};
  EXPECT_EQ(choose(routing_policy::least_loaded, lines).index, 0u);
  lines[1].weight = 3;
  const auto chosen = choose(routing_policy::least_loaded, lines);
  EXPECT_EQ(chosen.index, 1u);
  EXPECT_EQ(chosen.reason, route_reason::least_loaded);
}

TEST_F(engine_choice_test, equals_take_turns_by_weight_under_every_policy) {
  for (const auto policy :
       {routing_policy::round_robin, routing_policy::least_loaded, routing_policy::prefix}) {
    turns_ = {};
    auto lines = std::vector{line(0, 0, 1), line(1, 0, 1), line(2, 0, 1)};
    lines[2].weight = 2;
    std::map<std::size_t, int> count;
    for (int i = 0; i < 400; ++i) ++count[choose(policy, lines).index];
    EXPECT_EQ(count[0], 100);
    EXPECT_EQ(count[1], 100);
    EXPECT_EQ(count[2], 200);
  }
}

TEST_F(engine_choice_test, a_session_stays_and_overflows) {
  auto lines = std::vector{line(0, 0, 1), line(1, 0, 2)};
  const auto home = choose(routing_policy::session, lines, "key");
  EXPECT_EQ(home.reason, route_reason::session);
  lines[home.index].load = 10;
  const auto other = choose(routing_policy::session, lines, "key");
  EXPECT_NE(other.index, home.index);
  EXPECT_EQ(other.reason, route_reason::session_overflow);
}

TEST_F(engine_choice_test, without_a_key_a_session_policy_is_prefix) {
  const auto chosen = choose(routing_policy::session, {line(0, 0, 2), line(1, 0, 1, 50)});
  EXPECT_EQ(chosen.index, 1u);
  EXPECT_EQ(chosen.reason, route_reason::prefix);
}

TEST_F(engine_choice_test, names_every_reason) {
  for (std::size_t i = 0; i < route_reasons; ++i) {
    EXPECT_STRNE(to_string(static_cast<route_reason>(i)), "unknown");
  }
}

}  // namespace
}  // namespace troupe::actors
