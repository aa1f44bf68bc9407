#include "engine/embedded/serve/token_rules.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace troupe::engine {
namespace {

constexpr float lowest = -std::numeric_limits<float>::infinity();

std::vector<float> shaped(const std::vector<float>& row, const token_rules& rules,
                          std::vector<std::int32_t> tokens, std::size_t prompt_tokens) {
  logit_shaper shaper;
  const auto out = shaper.shape(row, rules, {tokens, prompt_tokens});
  return {out.begin(), out.end()};
}

TEST(token_rules, without_rules_the_row_itself_comes_back) {
  logit_shaper shaper;
  const std::vector row{1.F, 2.F};
  const std::vector<std::int32_t> tokens{0, 1};
  EXPECT_EQ(shaper.shape(row, {}, {tokens, 1}).data(), row.data());
}

TEST(token_rules, presence_and_frequency_look_at_the_output_alone) {
  token_rules rules;
  rules.presence_penalty = 0.5F;
  rules.frequency_penalty = 0.25F;
  // Token 0 stands in the prompt, 1 once and 2 three times in the output.
  EXPECT_EQ(shaped({4, 4, 4, 4}, rules, {0, 0, 1, 2, 2, 2}, 2),
            (std::vector{4.F, 3.25F, 2.75F, 4.F}));
}

TEST(token_rules, repetition_looks_at_the_prompt_too_and_pushes_towards_less_likely) {
  token_rules rules;
  rules.repetition_penalty = 2;
  EXPECT_EQ(shaped({4, -4, 4, -4}, rules, {0, 0, 1, 1}, 2), (std::vector{2.F, -8.F, 4.F, -4.F}));
}

TEST(token_rules, repetition_comes_before_frequency_and_presence) {
  token_rules rules;
  rules.repetition_penalty = 2;
  rules.presence_penalty = 1;
  rules.frequency_penalty = 1;
  EXPECT_EQ(shaped({8, 8}, rules, {1, 1}, 1), (std::vector{8.F, 2.F}));
}

TEST(token_rules, biases_are_added) {
  token_rules rules;
  rules.biases = {{0, -100}, {2, 1.5F}};
  EXPECT_EQ(shaped({1, 2, 3}, rules, {1}, 1), (std::vector{-99.F, 2.F, 4.5F}));
}

TEST(token_rules, a_bad_word_is_never_completed) {
  token_rules rules;
  rules.bad_words = {{3}, {1, 2}};
  const std::vector row{1.F, 1.F, 1.F, 1.F};
  EXPECT_EQ(shaped(row, rules, {1}, 1), (std::vector{1.F, 1.F, 1.F, lowest}))
      << "a word does not begin in the prompt";
  EXPECT_EQ(shaped(row, rules, {0, 1}, 1), (std::vector{1.F, 1.F, lowest, lowest}));
  EXPECT_EQ(shaped(row, rules, {0, 1, 0}, 1), (std::vector{1.F, 1.F, 1.F, lowest}));
}

TEST(token_rules, one_call_leaves_nothing_to_the_next) {
  logit_shaper shaper;
  token_rules rules;
  rules.frequency_penalty = 1;
  const std::vector row{5.F, 5.F};
  const std::vector<std::int32_t> first{0, 1, 1}, second{0, 0};
  shaper.shape(row, rules, {first, 1});
  const auto out = shaper.shape(row, rules, {second, 1});
  EXPECT_EQ((std::vector<float>{out.begin(), out.end()}), (std::vector{4.F, 5.F}));
}

}  // namespace
}  // namespace troupe::engine
