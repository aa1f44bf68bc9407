// A request that goes on from its own output, at every place it could have been cut.
#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/scheduler_rig.hpp"

namespace troupe::engine {
namespace {

using test::alone;
using test::config_of;
using test::prompt_of;
using test::request_of;
using test::rig;

generation_request whole_request(unsigned seed, double temperature) {
  std::mt19937 random{seed};
  auto request = request_of(prompt_of(1 + random() % 60, seed), 40);
  request.sampling.temperature = temperature;
  request.sampling.seed = seed;
  request.sampling.top_p = 0.9;
  request.rules.presence_penalty = 0.7F;
  request.rules.frequency_penalty = random() % 2 == 0 ? 1.9F : -0.6F;
  request.rules.repetition_penalty = 1.3F;
  request.rules.biases = {{3, 2.5F}, {4, -100}};
  request.rules.bad_words = {{9}, {11, 12}, {13, 14, 15}};
  request.min_tokens = 7;
  request.stop_token_ids = {20};
  request.logprobs = 3;
  return request;
}

class output_prefix : public testing::TestWithParam<std::tuple<unsigned, double>> {};

TEST_P(output_prefix, goes_on_as_if_never_cut) {
  const auto request = whole_request(std::get<0>(GetParam()), std::get<1>(GetParam()));
  const auto expected = alone(request);
  ASSERT_FALSE(expected.tokens.empty());
  ASSERT_EQ(expected.logprobs.size(), expected.tokens.size());
  for (std::size_t cut = 1; cut < expected.tokens.size(); ++cut) {
    auto rest = request;
    rest.output_prefix.assign(expected.tokens.begin(),
                              expected.tokens.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto got = alone(rest);
    auto joined = rest.output_prefix;
    joined.insert(joined.end(), got.tokens.begin(), got.tokens.end());
    ASSERT_EQ(joined, expected.tokens) << "cut at " << cut;
    ASSERT_EQ(got.finish, expected.finish);
    ASSERT_EQ(got.stop_token, expected.stop_token);
    ASSERT_TRUE(std::equal(got.logprobs.begin(), got.logprobs.end(),
                           expected.logprobs.begin() + static_cast<std::ptrdiff_t>(cut)));
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, output_prefix,
                         testing::Combine(testing::Range(1U, 25U), testing::Values(0.0, 1.0)));

TEST(output_prefix_bounds, a_prefix_that_leaves_nothing_is_refused) {
  rig r{config_of(64)};
  auto request = request_of({1, 2}, 2);
  request.output_prefix = {3, 4};
  const auto refused = r.plan_maker.submit(1, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(failure_code(refused.error(), errc::io_error), errc::invalid_request);
}

// Log probabilities of the prompt do not depend on how it was cut into steps or on what the cache
// holds.
TEST(prompt_logprobs, are_the_same_however_the_prompt_is_computed) {
  auto request = request_of(prompt_of(200, 4), 3);
  request.prompt_logprobs = 2;
  const auto expected = alone(request);
  ASSERT_EQ(expected.prompt_logprobs.size(), 199U);
  for (std::size_t i = 0; i < 199; ++i) {
    ASSERT_EQ(expected.prompt_logprobs[i].chosen.token, request.prompt[i + 1]);
  }
  for (const std::size_t budget : {5U, 16U, 63U, 400U}) {
    rig r{config_of(64, budget)};
    auto other = request;
    other.prompt_logprobs.reset();
    ASSERT_TRUE(r.plan_maker.submit(1, other));
    r.finish();
    ASSERT_TRUE(r.plan_maker.submit(2, request));
    r.finish();
    EXPECT_EQ(r.results[2].cached_tokens, 0U) << "all of it has to be computed";
    EXPECT_EQ(r.results[2].prompt_logprobs, expected.prompt_logprobs) << budget;
    EXPECT_EQ(r.results[2].tokens, expected.tokens);
  }
}

TEST(prompt_logprobs, of_a_single_token_are_none) {
  auto request = request_of({5}, 2);
  request.prompt_logprobs = 1;
  EXPECT_TRUE(alone(request).prompt_logprobs.empty());
}

}  // namespace
}  // namespace troupe::engine
