// Decisions of the core: who may take a request, who gets it, and what is remembered of it.
#include "actors/router/router_core.hpp"

#include <map>

#include <gtest/gtest.h>

#include "actors/router/prefix_hash.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;
using config::routing_policy;

time_point at(std::chrono::milliseconds since) {
  return time_point{} + 1h + since;
}

prompt_facts prompt(const std::string& text, const std::string& model = "m") {
  prefix_hash hash{{1}};
  hash.begin(model, "");
  hash.feed(text);
  return {.model = model,
          .chain = hash.take_chain(),
          .prompt_bytes = text.size(),
          .cache_salt = {},
          .session = {}};
}

const std::string shared_text(16'000, 's');

class router_core_test : public testing::Test {
 protected:
  void start(routing_policy policy, std::size_t engines) {
    core_.emplace(config::router_spec{.policy = policy, .limits = {}},
                  router_core_options{.lease_lifetime = 60s, .index_lifetime = 100s});
    for (std::size_t e = 0; e < engines; ++e) ids_.push_back(*core_->add_engine(engine("m")));
  }

  static engine_config engine(const std::string& model) { return {.name = "e", .models = {model}}; }

  decision route(const prompt_facts& facts, std::vector<engine_id> excluded = {}) {
    auto made = core_->route(facts, excluded, at(now_));
    EXPECT_TRUE(made);
    return made ? *made : decision{};
  }

  void serve(const decision& made, std::chrono::milliseconds ttft = 10ms) {
    now_ += ttft;
    core_->first_token(made.lease, ttft, at(now_));
    core_->finished(made.lease, {}, lease_outcome::completed, at(now_));
  }

  errc refusal(const prompt_facts& facts, std::vector<engine_id> excluded = {}) {
    const auto made = core_->route(facts, excluded, at(now_));
    EXPECT_FALSE(made);
    return made ? errc::io_error : failure_code(made.error(), errc::io_error);
  }

  std::optional<router_core> core_;
  std::vector<engine_id> ids_;
  std::chrono::milliseconds now_{0};
};

TEST_F(router_core_test, refuses_unknown_models_and_engines_that_cannot) {
  start(routing_policy::prefix, 2);
  EXPECT_EQ(refusal(prompt("x", "other")), errc::unknown_model);
  EXPECT_EQ(refusal(prompt("x"), ids_), errc::no_engine);
  core_->set_state(ids_[0], engine_state::down);
  EXPECT_EQ(route(prompt("x")).engine, ids_[1]);
  EXPECT_EQ(route(prompt("x")).reason, route_reason::only_candidate);
  core_->set_state(ids_[1], engine_state::draining);
  EXPECT_EQ(refusal(prompt("x")), errc::no_engine);
  core_->remove_engine(ids_[0]);
  EXPECT_EQ(refusal(prompt("x")), errc::no_engine);
  core_->remove_engine(ids_[1]);
  EXPECT_EQ(refusal(prompt("x")), errc::unknown_model);
}

TEST_F(router_core_test, rotates_evenly_also_around_engines_that_are_down) {
  start(routing_policy::round_robin, 4);
  core_->set_state(ids_[1], engine_state::down);
  std::map<engine_id, int> count;
  for (int i = 0; i < 30; ++i) ++count[route(prompt("x")).engine];
  EXPECT_EQ(count.size(), 3u);
  for (const auto& [id, n] : count) EXPECT_EQ(n, 10);
}

TEST_F(router_core_test, rotates_for_each_model_alone) {
  start(routing_policy::round_robin, 2);
  for (int e = 0; e < 2; ++e) core_->add_engine(engine("n"));
  std::map<engine_id, int> count;
  for (int i = 0; i < 20; ++i) ++count[route(prompt("x", i % 2 == 0 ? "m" : "n")).engine];
  EXPECT_EQ(count.size(), 4u);
}

TEST_F(router_core_test, spreads_ties) {
  for (const auto policy : {routing_policy::least_loaded, routing_policy::prefix}) {
    ids_.clear();
    start(policy, 4);
    std::map<engine_id, int> count;
    for (int i = 0; i < 8; ++i) ++count[route(prompt("short")).engine];
    EXPECT_EQ(count.size(), 4u);
    for (const auto& [id, n] : count) EXPECT_EQ(n, 2);
  }
}

TEST_F(router_core_test, counts_other_routers_load) {
  start(routing_policy::least_loaded, 2);
  core_->report_load(ids_[0], {.running = 5, .waiting = 5});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(route(prompt("x")).engine, ids_[1]);
  EXPECT_EQ(core_->load_of(ids_[1]), 5u);
  EXPECT_EQ(core_->load_of(engine_id{12'345}), 0u);
}

TEST_F(router_core_test, returns_to_the_engine_that_has_the_prompt) {
  start(routing_policy::prefix, 4);
  const auto first = route(prompt(shared_text));
  EXPECT_EQ(first.cached_tokens, 0u);
  EXPECT_EQ(first.reason, route_reason::least_cost);
  serve(first);
  const auto second = route(prompt(shared_text + "and more"));
  EXPECT_EQ(second.engine, first.engine);
  EXPECT_EQ(second.reason, route_reason::prefix);
  EXPECT_EQ(second.matched_chunks, shared_text.size() / chunk_bytes);
  EXPECT_GT(second.cached_tokens, 3'900u);
  EXPECT_LT(second.cached_tokens, second.prompt_tokens);
  ASSERT_EQ(core_->last_costs().size(), 4u);
  for (const auto& line : core_->last_costs()) EXPECT_GE(line.cost_s, 0);
}

TEST_F(router_core_test, leaves_the_cache_behind_where_the_queue_is_long) {
  start(routing_policy::prefix, 2);
  const auto first = route(prompt(shared_text));
  serve(first);
  std::map<engine_id, int> count;
  for (int i = 0; i < 20; ++i)
    ++count[route(prompt(shared_text + std::string(2'000, static_cast<char>(97 + i)))).engine];
  EXPECT_EQ(count.size(), 2u);
  EXPECT_GT(count[first.engine], 2);
}

TEST_F(router_core_test, tries_an_excluded_engine_no_more) {
  start(routing_policy::prefix, 2);
  const auto first = route(prompt(shared_text));
  core_->finished(first.lease, {}, lease_outcome::failed, at(now_));
  EXPECT_NE(route(prompt(shared_text), {first.engine}).engine, first.engine);
}

TEST_F(router_core_test, forgets_the_cache_of_an_engine_that_failed) {
  start(routing_policy::prefix, 1);
  const auto first = route(prompt(shared_text));
  EXPECT_EQ(core_->engine_failed(ids_[0]), std::vector{first.lease});
  EXPECT_EQ(core_->engine_failed(ids_[0]), std::vector<lease_id>{});
  EXPECT_EQ(refusal(prompt(shared_text)), errc::no_engine);
  EXPECT_EQ(core_->lease_count(), 0u);
  core_->maintain(at(now_));
  core_->set_state(ids_[0], engine_state::up);
  EXPECT_EQ(route(prompt(shared_text)).cached_tokens, 0u);
  EXPECT_GT(route(prompt(shared_text)).cached_tokens, 0u);
}

TEST_F(router_core_test, never_mistakes_a_new_engine_for_an_old_one) {
  start(routing_policy::prefix, 1);
  const auto first = route(prompt(shared_text));
  core_->remove_engine(ids_[0]);
  core_->maintain(at(now_));
  const auto fresh = *core_->add_engine(engine("m"));
  EXPECT_NE(fresh, ids_[0]);
  EXPECT_FALSE(core_->set_state(ids_[0], engine_state::down));
  EXPECT_EQ(core_->engine(ids_[0]), nullptr);
  EXPECT_TRUE(core_->remove_engine(ids_[0]).empty());
  EXPECT_TRUE(core_->engine_failed(ids_[0]).empty());
  core_->report_load(ids_[0], {.running = 7, .waiting = 0});
  EXPECT_EQ(core_->load_of(fresh), 0u);
  EXPECT_FALSE(core_->finished(first.lease, {}, lease_outcome::completed, at(now_)));
  EXPECT_EQ(route(prompt(shared_text)).cached_tokens, 0u);
}

TEST_F(router_core_test, adds_engines_up_to_its_bound) {
  start(routing_policy::prefix, 4'096);
  EXPECT_FALSE(core_->add_engine(engine("m")));
}

TEST_F(router_core_test, follows_a_change_of_models) {
  start(routing_policy::prefix, 1);
  EXPECT_TRUE(core_->update_engine(ids_[0], engine("n")));
  EXPECT_EQ(refusal(prompt("x")), errc::unknown_model);
  EXPECT_EQ(route(prompt("x", "n")).engine, ids_[0]);
  EXPECT_FALSE(core_->update_engine(engine_id{99}, engine("n")));
}

TEST_F(router_core_test, follows_a_policy_of_the_model_s_own) {
  config::router_spec spec{.policy = routing_policy::round_robin, .limits = {}};
  spec.models = {{.name = "n", .policy = routing_policy::session}};
  core_.emplace(spec);
  for (const auto* model : {"m", "m", "n", "n"}) {
    ids_.push_back(
        *core_->add_engine({.name = model + std::to_string(ids_.size()), .models = {model}}));
  }
  auto facts = prompt("x", "n");
  facts.session = "someone";
  const auto home = route(facts);
  EXPECT_EQ(home.reason, route_reason::session);
  serve(home);
  EXPECT_EQ(route(facts).engine, home.engine);
  EXPECT_EQ(route(facts).engine, home.engine);
  EXPECT_EQ(route(facts).reason, route_reason::session_overflow);
  EXPECT_EQ(route(prompt("x", "m")).reason, route_reason::rotation);
}

TEST_F(router_core_test, weights_are_taken_from_the_settings_and_follow_them) {
  start(routing_policy::round_robin, 2);
  const auto share = [&] {
    int first = 0;
    for (int i = 0; i < 40; ++i) first += route(prompt("x")).engine == ids_[0];
    return first;
  };
  EXPECT_EQ(share(), 20);
  auto heavy = engine("m");
  heavy.settings.weight = 3;
  core_->update_engine(ids_[0], heavy);
  EXPECT_EQ(share(), 30);
}

TEST_F(router_core_test, says_what_an_alias_stands_for) {
  start(routing_policy::prefix, 1);
  auto facts = prompt("x", "gone");
  facts.alias = "gpt-4o";
  const auto made = core_->route(facts, {}, at(now_));
  ASSERT_FALSE(made);
  EXPECT_EQ(failure_text(made.error()),
            "No engine serves the model 'gone', which 'gpt-4o' stands for.");
}

TEST_F(router_core_test, compares_prediction_and_answer) {
  start(routing_policy::prefix, 1);
  const auto made = route(prompt(shared_text));
  const auto told = core_->finished(
      made.lease, {.prompt_tokens = 8'000, .cached_tokens = 100, .cached_known = true},
      lease_outcome::completed, at(now_));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->predicted_cached_tokens, 0u);
  EXPECT_EQ(told->actual_cached_tokens, 100u);
  // Two bytes a token were counted: the next estimate is higher, also after a report.
  EXPECT_GT(route(prompt(shared_text)).prompt_tokens, 5'000u);
  EXPECT_TRUE(core_->update_engine(ids_[0], engine("m")));
  EXPECT_GT(route(prompt(shared_text)).prompt_tokens, 5'000u);
}

TEST_F(router_core_test, takes_token_ids_for_what_they_are) {
  start(routing_policy::prefix, 1);
  auto facts = prompt(shared_text);
  facts.prompt_tokens = 4'000;
  EXPECT_EQ(route(facts).prompt_tokens, 4'000u);
  EXPECT_EQ(route(facts).cached_tokens, 3'999u);
  EXPECT_EQ(route(prompt("")).prompt_tokens, 1u);
}

TEST_F(router_core_test, reports_leases_nobody_ended_and_forgets_old_blocks) {
  start(routing_policy::prefix, 1);
  const auto made = route(prompt(shared_text));
  EXPECT_TRUE(core_->maintain(at(59s)).expired.empty());
  EXPECT_EQ(core_->maintain(at(61s)).expired, std::vector{made.lease});
  EXPECT_EQ(core_->block_count(), 250u);
  EXPECT_EQ(core_->maintain(at(102s)).blocks_dropped, 250u);
  EXPECT_EQ(core_->block_count(), 0u);
}

TEST_F(router_core_test, keeps_no_more_than_the_engine_can) {
  start(routing_policy::prefix, 1);
  core_->update_engine(ids_[0], {.name = "e", .models = {"m"}, .kv_tokens_max = 1'600});
  route(prompt(shared_text));
  EXPECT_EQ(core_->block_count(), 100u);
}

}  // namespace
}  // namespace troupe::actors
