#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/grammar_rig.hpp"

namespace troupe::engine {
namespace {

using test::alone;
using test::config_of;
using test::prompt_of;
using test::request_of;
using test::rig;

// What somebody else may have emitted: anything, or within a grammar what it lets come.
std::vector<std::int32_t> random_prefix(const generation_request& request, std::mt19937& random) {
  if (!request.grammar) return prompt_of(random() % request.max_tokens, random());
  auto emitted = alone(request).tokens;
  emitted.resize(random() % emitted.size());
  return emitted;
}

// One of a few shared beginnings, cut at any length.
generation_request random_request(std::mt19937& random) {
  auto prompt = prompt_of(100, random() % 3);
  prompt.resize(1 + random() % 100);
  if (random() % 2 == 0) prompt.push_back(static_cast<std::int32_t>(random() % test::vocab));
  auto request = request_of(prompt, 1 + random() % 50);
  request.sampling.seed = random() % 4;
  request.sampling.temperature = random() % 3 == 0 ? 0.0 : 1.3;
  request.ignore_eos = random() % 2 == 0;
  request.priority = static_cast<std::int64_t>(random() % 3) - 1;
  if (random() % 2 == 0) request.logprobs = random() % 4;
  if (random() % 4 == 0) request.prompt_logprobs = random() % 3;
  if (random() % 2 == 0) request.rules.repetition_penalty = 1.2F;
  if (random() % 2 == 0) request.rules.frequency_penalty = 0.8F;
  if (random() % 2 == 0) request.rules.bad_words = {{7, 8}, {33}};
  if (random() % 4 == 0) request.min_tokens = random() % (request.max_tokens + 1);
  if (random() % 2 == 0) {
    const auto& schemas = test::rig_schemas();
    request.grammar = test::rig_program(schemas[random() % schemas.size()]);
  }
  if (random() % 3 == 0) request.output_prefix = random_prefix(request, random);
  return request;
}

// Fails unless a request that has a grammar kept to it.
void expect_own_form(const generation_request& request, const test::outcome& got) {
  for (const auto& schema : test::rig_schemas()) {
    if (!request.grammar || test::rig_program(schema) != request.grammar) continue;
    auto whole = got;
    whole.tokens.insert(whole.tokens.begin(), request.output_prefix.begin(),
                        request.output_prefix.end());
    test::expect_in_form(whole, schema);
  }
}

class scheduler_property : public testing::TestWithParam<unsigned> {};

// Whatever comes together, in whatever order: each request's tokens are those of the request alone.
TEST_P(scheduler_property, batched_cached_and_preempted_equals_alone) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::mt19937 random{GetParam()};
  rig r{config_of(14 + random() % 30, 8 + random() % 60)};
  std::map<request_id, generation_request> sent;
  std::vector<request_id> cancelled;
  request_id next = 1;
  for (int round = 0; round < 120; ++round) {
    if (random() % 3 != 0) {
      const auto request = random_request(random);
      if (r.plan_maker.submit(next, request)) sent[next] = request;
      ++next;
    }
    if (random() % 10 == 0 && r.plan_maker.cancel(1 + random() % next)) {
      cancelled.push_back(next);
    }
    r.step();
  }
  r.finish();
  std::size_t whole = 0;
  for (const auto& [id, request] : sent) {
    const auto expected = alone(request);
    const auto& got = r.results[id];
    if (!got.finish) {  // cancelled on its way: what came is a beginning
      ASSERT_TRUE(std::equal(got.tokens.begin(), got.tokens.end(), expected.tokens.begin()));
      continue;
    }
    ++whole;
    ASSERT_EQ(got.tokens, expected.tokens) << "request " << id;
    ASSERT_EQ(got.finish, expected.finish);
    ASSERT_EQ(got.logprobs, expected.logprobs);
    ASSERT_EQ(got.prompt_logprobs, expected.prompt_logprobs);
    expect_own_form(request, got);
  }
  EXPECT_GE(whole + cancelled.size(), sent.size());
  EXPECT_GT(whole, 20U);
  EXPECT_EQ(r.plan_maker.blocks().referenced(), 0U);
}

INSTANTIATE_TEST_SUITE_P(seeds, scheduler_property, testing::Range(1U, 31U));

}  // namespace
}  // namespace troupe::engine
