// A scheduler, an executor that computes hashes, and what each request got from them.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/embedded/serve/scheduler.hpp"
#include "engine/embedded/serve/token_chooser.hpp"
#include "tests/engine/embedded/serve/fake_executor.hpp"

namespace troupe::engine::test {

constexpr std::uint32_t vocab = 40;
constexpr std::int32_t end_token = 0;

inline scheduler_config config_of(std::uint32_t blocks, std::size_t step_tokens = 64) {
  scheduler_config config;
  config.limits.step_tokens_max = step_tokens;
  config.limits.running_requests_max = 8;
  config.limits.queued_requests_max = 64;
  config.kv_blocks = blocks;
  config.context_tokens_max = 1000;
  config.end_tokens = {end_token};
  config.fingerprint = "model";
  return config;
}

inline generation_request request_of(std::vector<std::int32_t> prompt, std::uint32_t max_tokens) {
  generation_request request;
  request.prompt = std::move(prompt);
  request.max_tokens = max_tokens;
  request.sampling.seed = 5;
  return request;
}

inline std::vector<std::int32_t> prompt_of(std::size_t tokens, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<std::int32_t> prompt(tokens);
  for (auto& token : prompt) token = static_cast<std::int32_t>(random() % vocab);
  return prompt;
}

struct outcome {
  std::vector<std::int32_t> tokens;
  std::optional<finish_reason> finish;
  std::optional<std::int32_t> stop_token;
  std::uint32_t cached_tokens = 0;
  std::vector<token_logprobs> logprobs;
  std::vector<token_logprobs> prompt_logprobs;
};

// A scheduler with its executor and the results so far.
struct rig {
  explicit rig(const scheduler_config& config)
      : plan_maker{config}, executor{config.kv_blocks, vocab} {}

  void step() {
    const auto& plan = plan_maker.plan();
    std::size_t tokens = 0;
    for (const auto& s : plan.slices) tokens += s.tokens.size();
    tokens_most = std::max(tokens_most, tokens);
    for (const auto& a : plan.admitted) results[a.id].cached_tokens = a.cached_tokens;
    const auto logits = executor.run(plan.slices);
    for (const auto& row : plan.prompt_rows) {
      results[row.id].prompt_logprobs.push_back(chooser.tell(row, logits));
    }
    chooser.choose(plan, logits);
    std::vector<request_id> order;
    for (const auto& sample : plan.samples) order.push_back(sample.id);
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (const auto& told = chooser.logprobs()[i]) results[order[i]].logprobs.push_back(*told);
    }
    for (const auto& token : plan_maker.apply(chooser.tokens())) {
      auto& result = results[token.id];
      EXPECT_FALSE(result.finish) << "a token after the end";
      result.tokens.push_back(token.token);
      result.finish = token.finish;
      result.stop_token = token.stop_token;
    }
  }

  void finish() {
    while (plan_maker.has_work()) step();
  }

  scheduler plan_maker;
  fake_executor executor;
  token_chooser chooser{vocab};
  std::map<request_id, outcome> results;
  std::size_t tokens_most = 0;
};

inline outcome alone(const generation_request& request) {
  rig r{config_of(200, 512)};
  EXPECT_TRUE(r.plan_maker.submit(1, request));
  r.finish();
  return r.results[1];
}

}  // namespace troupe::engine::test
