#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/scheduler_rig.hpp"

namespace troupe::engine {
namespace {

using test::alone;
using test::config_of;
using test::prompt_of;
using test::request_of;
using test::rig;

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
  if (random() % 3 == 0) {
    const auto emitted = prompt_of(random() % request.max_tokens, random());
    request.output_prefix = emitted;
  }
  return request;
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
  }
  EXPECT_GE(whole + cancelled.size(), sent.size());
  EXPECT_GT(whole, 20U);
  EXPECT_EQ(r.plan_maker.blocks().referenced(), 0U);
}

INSTANTIATE_TEST_SUITE_P(seeds, scheduler_property, testing::Range(1U, 31U));

}  // namespace
}  // namespace troupe::engine
