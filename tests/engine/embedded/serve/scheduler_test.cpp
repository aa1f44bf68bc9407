#include "engine/embedded/serve/scheduler.hpp"

#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/scheduler_rig.hpp"

namespace troupe::engine {
namespace {

using test::alone;
using test::config_of;
using test::end_token;
using test::prompt_of;
using test::request_of;
using test::rig;

TEST(scheduler, runs_one_request_to_its_limit) {
  rig r{config_of(16)};
  auto request = request_of({1, 2, 3}, 5);
  request.ignore_eos = true;
  ASSERT_TRUE(r.plan_maker.submit(7, request));
  r.finish();
  EXPECT_EQ(r.results[7].tokens.size(), 5U);
  EXPECT_EQ(r.results[7].finish, finish_reason::length);
  EXPECT_EQ(r.plan_maker.blocks().referenced(), 0U);
  EXPECT_EQ(r.executor.steps, 5U);
}

TEST(scheduler, ends_at_an_end_token_unless_told_to_ignore_it) {
  std::size_t ended_early = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    const auto result = alone(request_of(prompt_of(4, seed), 30));
    if (result.finish != finish_reason::stop) continue;
    ++ended_early;
    EXPECT_EQ(result.tokens.back(), end_token);
    EXPECT_FALSE(result.stop_token);
    auto on = request_of(prompt_of(4, seed), 30);
    on.ignore_eos = true;
    EXPECT_EQ(alone(on).tokens.size(), 30U);
  }
  EXPECT_GT(ended_early, 5U);
}

TEST(scheduler, ends_at_a_stop_token_and_names_it) {
  auto request = request_of(prompt_of(10, 3), 20);
  request.ignore_eos = true;
  const auto whole = alone(request);
  request.stop_token_ids = {whole.tokens[4]};
  const auto cut = alone(request);
  EXPECT_EQ(cut.finish, finish_reason::stop);
  EXPECT_EQ(cut.stop_token, whole.tokens[4]);
  EXPECT_LE(cut.tokens.size(), 5U);
}

TEST(scheduler, samples_no_end_before_min_tokens) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    auto request = request_of(prompt_of(6, seed), 30);
    request.min_tokens = 25;
    request.stop_token_ids = {1, 2};
    const auto tokens = alone(request).tokens;
    ASSERT_GE(tokens.size(), 25U);
    for (std::size_t i = 0; i < 25; ++i) EXPECT_GT(tokens[i], 2);
  }
}

TEST(scheduler, never_exceeds_the_token_budget_of_a_step) {
  rig r{config_of(200, 16)};
  for (request_id id = 1; id <= 12; ++id) {
    ASSERT_TRUE(r.plan_maker.submit(id, request_of(prompt_of(50, static_cast<unsigned>(id)), 9)));
  }
  r.finish();
  EXPECT_EQ(r.results.size(), 12U);
  EXPECT_LE(r.tokens_most, 16U);
}

TEST(scheduler, decodes_while_it_prefills) {
  rig r{config_of(100, 16)};
  auto chat = request_of({1, 2}, 40);
  chat.ignore_eos = true;
  ASSERT_TRUE(r.plan_maker.submit(1, chat));
  r.step();
  ASSERT_TRUE(r.plan_maker.submit(2, request_of(prompt_of(150, 2), 1)));
  for (int i = 0; i < 10; ++i) r.step();
  EXPECT_EQ(r.results[1].tokens.size(), 11U);  // one in every step
  EXPECT_EQ(r.results[2].tokens.size(), 1U);   // 150 tokens at 15 a step
}

// A long prompt goes between the others' tokens: each of them gets one in every step, and no step
// computes more than its budget.
TEST(scheduler, a_prompt_of_4000_tokens_holds_no_other_up) {
  auto config = config_of(600, 64);
  config.context_tokens_max = 5'000;
  rig r{config};
  for (request_id id = 1; id <= 7; ++id) {
    auto chat = request_of(prompt_of(4, static_cast<unsigned>(id)), 200);
    chat.ignore_eos = true;
    ASSERT_TRUE(r.plan_maker.submit(id, chat));
  }
  r.step();
  ASSERT_TRUE(r.plan_maker.submit(8, request_of(prompt_of(4'000, 8), 1)));
  std::size_t steps = 1;
  for (; r.results[8].tokens.empty(); ++steps) {
    ASSERT_LT(steps, 200U);
    r.step();
    for (request_id id = 1; id <= 7; ++id) ASSERT_EQ(r.results[id].tokens.size(), steps + 1);
  }
  EXPECT_EQ(steps, 1U + (4'000 + 56) / 57) << "all of the budget that the others leave";
  EXPECT_LE(r.tokens_most, 64U);
}

TEST(scheduler, reuses_the_prefix_of_prompt_and_output) {
  rig r{config_of(100)};
  auto first = request_of(prompt_of(40, 1), 30);
  first.ignore_eos = true;
  ASSERT_TRUE(r.plan_maker.submit(1, first));
  r.finish();
  auto second = first;
  for (const auto token : r.results[1].tokens) second.prompt.push_back(token);
  second.prompt.push_back(3);
  ASSERT_TRUE(r.plan_maker.submit(2, second));
  r.finish();
  EXPECT_EQ(r.results[1].cached_tokens, 0U);
  EXPECT_EQ(r.results[2].cached_tokens, 64U);  // of 69 computed before
  EXPECT_EQ(r.results[2].tokens, alone(second).tokens);
  EXPECT_EQ(r.plan_maker.stats().prefix.queried_tokens, 40U + 71U);
  EXPECT_EQ(r.plan_maker.stats().prefix.hit_tokens, 64U);
}

TEST(scheduler, leaves_one_token_of_a_cached_prompt_to_compute) {
  rig r{config_of(100)};
  for (request_id id = 1; id <= 2; ++id) {
    ASSERT_TRUE(r.plan_maker.submit(id, request_of(prompt_of(48, 1), 2)));
    r.finish();
  }
  EXPECT_EQ(r.results[2].cached_tokens, 32U);
  EXPECT_EQ(r.results[1].tokens, r.results[2].tokens);
}

TEST(scheduler, keeps_salts_apart) {
  rig r{config_of(100)};
  auto request = request_of(prompt_of(48, 1), 2);
  request.cache_salt = "a";
  ASSERT_TRUE(r.plan_maker.submit(1, request));
  r.finish();
  request.cache_salt = "b";
  ASSERT_TRUE(r.plan_maker.submit(2, request));
  r.finish();
  EXPECT_EQ(r.results[2].cached_tokens, 0U);
}

TEST(scheduler, preempts_the_newest_and_computes_it_again) {
  rig r{config_of(6, 64)};
  for (request_id id = 1; id <= 3; ++id) {
    auto request = request_of(prompt_of(20, static_cast<unsigned>(id)), 40);
    request.ignore_eos = true;
    ASSERT_TRUE(r.plan_maker.submit(id, request));
  }
  r.finish();
  EXPECT_GT(r.plan_maker.stats().preemptions, 0U);
  for (request_id id = 1; id <= 3; ++id) {
    auto request = request_of(prompt_of(20, static_cast<unsigned>(id)), 40);
    request.ignore_eos = true;
    EXPECT_EQ(r.results[id].tokens, alone(request).tokens) << id;
  }
  EXPECT_EQ(r.plan_maker.blocks().referenced(), 0U);
}

TEST(scheduler, refuses_what_can_never_fit_and_names_the_numbers) {
  rig r{config_of(4)};
  EXPECT_TRUE(r.plan_maker.submit(1, request_of(prompt_of(60, 1), 5)));  // 64 tokens of KV
  const auto refused = r.plan_maker.submit(2, request_of(prompt_of(60, 1), 6));
  ASSERT_FALSE(refused);
  EXPECT_EQ(failure_code(refused.error(), errc::io_error), errc::exceeds_kv);
  const auto text = failure_text(refused.error());
  for (const auto* part : {"60", "max_tokens of 6", "5 KV blocks", "has 4"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

TEST(scheduler, refuses_what_exceeds_the_context_in_the_words_of_vllm) {
  rig r{config_of(100)};
  const auto refused = r.plan_maker.submit(1, request_of(prompt_of(990, 1), 11));
  ASSERT_FALSE(refused);
  EXPECT_EQ(failure_code(refused.error(), errc::io_error), errc::invalid_request);
  EXPECT_EQ(failure_text(refused.error()),
            "This model's maximum context length is 1000 tokens. However, you requested 11 output "
            "tokens and your prompt contains 990 input tokens, for a total of 1001 tokens. Please "
            "reduce the length of the input prompt or the number of requested output tokens. "
            "(parameter=input_tokens, value=990)");
  EXPECT_TRUE(r.plan_maker.submit(2, request_of(prompt_of(990, 1), 10)));
  EXPECT_FALSE(r.plan_maker.submit(3, request_of({}, 10)));
}

TEST(scheduler, refuses_beyond_its_queue) {
  auto config = config_of(100);
  config.limits.queued_requests_max = 2;
  rig r{config};
  EXPECT_TRUE(r.plan_maker.submit(1, request_of({1}, 2)));
  EXPECT_TRUE(r.plan_maker.submit(2, request_of({1}, 2)));
  const auto refused = r.plan_maker.submit(3, request_of({1}, 2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(failure_code(refused.error(), errc::io_error), errc::overloaded);
  r.step();
  EXPECT_TRUE(r.plan_maker.submit(4, request_of({1}, 2)));
}

TEST(scheduler, cancels_waiting_and_running_requests_at_once) {
  auto config = config_of(100);
  config.limits.running_requests_max = 1;
  rig r{config};
  ASSERT_TRUE(r.plan_maker.submit(1, request_of({1}, 20)));
  ASSERT_TRUE(r.plan_maker.submit(2, request_of({2}, 20)));
  r.step();
  EXPECT_EQ(r.plan_maker.stats().running, 1U);
  EXPECT_EQ(r.plan_maker.stats().waiting, 1U);
  EXPECT_TRUE(r.plan_maker.cancel(2));
  EXPECT_TRUE(r.plan_maker.cancel(1));
  EXPECT_FALSE(r.plan_maker.cancel(1));
  EXPECT_FALSE(r.plan_maker.has_work());
  EXPECT_EQ(r.plan_maker.blocks().referenced(), 0U);
}

}  // namespace
}  // namespace troupe::engine
