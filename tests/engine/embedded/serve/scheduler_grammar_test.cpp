// Requests held to a grammar: alone, cut and continued, batched, cached, pre-empted.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/engine/embedded/serve/grammar_rig.hpp"

namespace troupe::engine {
namespace {

using test::alone;
using test::config_of;
using test::end_token;
using test::expect_in_form;
using test::prompt_of;
using test::request_of;
using test::rig;
using test::rig_program;
using test::rig_schemas;
using test::spell;
using json = test::json;

generation_request constrained(const json& schema, unsigned seed, double temperature) {
  auto request = request_of(prompt_of(1 + seed * 7 % 60, seed), 60);
  request.sampling.seed = seed;
  request.sampling.temperature = temperature;
  request.grammar = rig_program(schema);
  request.logprobs = 3;
  return request;
}

// Everything that changes logits, all of it beside a grammar.
void add_rules(generation_request& request) {
  request.sampling.top_p = 0.95;
  request.rules.presence_penalty = 0.7F;
  request.rules.frequency_penalty = -0.4F;
  request.rules.repetition_penalty = 1.3F;
  request.rules.biases = {{7, 3.5F}, {8, -100}, {end_token, 5}};
  request.rules.bad_words = {{9}, {11, 12}, {27}};
  request.min_tokens = 9;
}

using run = std::tuple<unsigned, double>;
class grammar_run : public testing::TestWithParam<run> {};

TEST_P(grammar_run, every_answer_is_in_its_form) {
  const auto [seed, temperature] = GetParam();
  std::size_t whole = 0;
  for (const auto& schema : rig_schemas()) {
    for (const bool has_rules : {false, true}) {
      auto request = constrained(schema, seed, temperature);
      if (has_rules) add_rules(request);
      const auto got = alone(request);
      expect_in_form(got, schema);
      whole += got.finish == finish_reason::stop ? 1U : 0U;
    }
  }
  EXPECT_GT(whole, 4U);
}

TEST_P(grammar_run, every_cut_goes_on_as_if_never_cut) {
  const auto [seed, temperature] = GetParam();
  for (const auto& schema : rig_schemas()) {
    auto request = constrained(schema, seed, temperature);
    if (seed % 2 == 0) add_rules(request);
    if (seed % 3 == 0) request.stop_token_ids = {33};
    const auto expected = alone(request);
    for (std::size_t cut = 1; cut < expected.tokens.size(); ++cut) {
      const auto at = static_cast<std::ptrdiff_t>(cut);
      auto rest = request;
      rest.output_prefix.assign(expected.tokens.begin(), expected.tokens.begin() + at);
      const auto got = alone(rest);
      ASSERT_TRUE(std::equal(got.tokens.begin(), got.tokens.end(), expected.tokens.begin() + at,
                             expected.tokens.end()))
          << "cut at " << cut << " of " << spell(expected.tokens);
      ASSERT_EQ(got.finish, expected.finish);
      ASSERT_EQ(got.stop_token, expected.stop_token);
      ASSERT_TRUE(std::equal(got.logprobs.begin(), got.logprobs.end(),
                             expected.logprobs.begin() + at, expected.logprobs.end()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, grammar_run,
                         testing::Combine(testing::Range(1U, 13U), testing::Values(0.0, 1.0)));

TEST(scheduler_grammar, a_text_that_must_end_ends_although_min_tokens_and_bans_say_no) {
  auto request = constrained({{"const", "cab"}}, 1, 1.0);
  request.min_tokens = 30;
  request.rules.bad_words = {{36}, {10}};  // "cab" and "c": without them there is no way to start
  const auto got = alone(request);
  EXPECT_EQ(got.finish, finish_reason::stop);
  EXPECT_EQ(spell(got.tokens), "\"cab\"");
  EXPECT_EQ(got.tokens.back(), end_token);
}

TEST(scheduler_grammar, min_tokens_makes_a_text_longer_where_the_form_lets_it) {
  const json schema{{"type", "integer"}, {"minimum", 1}};
  for (unsigned seed = 1; seed < 20; ++seed) {
    auto request = constrained(schema, seed, 1.0);
    request.rules.biases = {{end_token, 50}};
    ASSERT_EQ(alone(request).tokens.size(), 2U) << "it ends as soon as it may";
    request.min_tokens = 6;
    const auto longer = alone(request);
    EXPECT_EQ(longer.tokens.size(), 7U) << spell(longer.tokens);
    expect_in_form(longer, schema);
  }
}

TEST(scheduler_grammar, ignoring_the_end_repeats_it_and_adds_no_text) {
  auto request = constrained({{"const", "cab"}}, 1, 1.0);
  request.ignore_eos = true;
  request.max_tokens = 20;
  const auto got = alone(request);
  EXPECT_EQ(got.finish, finish_reason::length);
  EXPECT_EQ(got.tokens.size(), 20U);
  EXPECT_EQ(spell(got.tokens), "\"cab\"");
}

TEST(scheduler_grammar, log_probabilities_are_those_among_what_the_form_allows) {
  auto request = constrained({{"enum", json::array({true, nullptr})}}, 3, 1.0);
  request.logprobs = 5;
  const auto got = alone(request);
  ASSERT_FALSE(got.logprobs.empty());
  const auto& first = got.logprobs.front();
  ASSERT_EQ(first.top.size(), 3U);  // "t", "n" and "true"
  double sum = 0;
  for (const auto& t : first.top) sum += std::exp(static_cast<double>(t.logprob));
  EXPECT_NEAR(sum, 1.0, 1e-4);
  const auto& last = got.logprobs.back();
  EXPECT_EQ(last.chosen.token, end_token);
  EXPECT_EQ(last.chosen.logprob, 0.0F) << "nothing else may come";
  EXPECT_EQ(last.top.size(), 1U);
}

TEST(scheduler_grammar, a_prefix_outside_the_form_is_refused_with_its_place) {
  rig r{config_of(64)};
  auto request = constrained(rig_schemas()[0], 1, 0.0);
  request.output_prefix = {1, 7, 4};  // {"]
  const auto refused = r.plan_maker.submit(1, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(failure_code(refused.error(), errc::io_error), errc::invalid_request);
  EXPECT_NE(failure_text(refused.error()).find("token 2 is none"), std::string::npos);
  EXPECT_FALSE(r.plan_maker.has_work());
}

// A vocabulary that cannot spell on ends the request; the others go on.
TEST(scheduler_grammar, a_vocabulary_without_a_way_on_ends_the_request) {
  auto texts = test::spelt;
  texts[11] = texts[39] = "";  // no digit 0 any more
  const auto poor = std::make_shared<token_vocabulary>(texts, std::vector<std::int32_t>{end_token});
  rig r{config_of(64)};
  auto stuck = request_of({1, 2, 3}, 20);
  stuck.grammar = std::make_shared<grammar_program>(test::compiled({{"const", 90}}), poor);
  auto free = request_of({1, 2, 3}, 20);
  free.ignore_eos = true;
  ASSERT_TRUE(r.plan_maker.submit(1, stuck));
  ASSERT_TRUE(r.plan_maker.submit(2, free));
  r.finish();
  EXPECT_EQ(r.results[1].tokens, (std::vector<std::int32_t>{14, no_token}));
  EXPECT_FALSE(r.results[1].finish);
  EXPECT_EQ(r.results[2].tokens, alone(free).tokens);
  EXPECT_EQ(r.plan_maker.blocks().referenced(), 0U);
}

TEST(scheduler_grammar, a_choice_is_one_of_the_texts_as_they_stand) {
  const std::vector<std::string> texts{"ab", "abc", "cab c", ""};
  const auto program = test::rig_grammars().choice_program(texts);
  ASSERT_TRUE(program);
  std::set<std::string> seen;
  for (unsigned seed = 0; seed < 60; ++seed) {
    auto request = request_of(prompt_of(3, seed), 30);
    request.grammar = *program;
    request.sampling.seed = seed;
    const auto got = alone(request);
    ASSERT_EQ(got.finish, finish_reason::stop);
    seen.insert(spell(got.tokens));
  }
  EXPECT_EQ(seen, std::set<std::string>(texts.begin(), texts.end()));
}

}  // namespace
}  // namespace troupe::engine
