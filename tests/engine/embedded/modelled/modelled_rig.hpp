// A scheduler over a modelled executor whose waits are written down instead of waited for.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "engine/embedded/serve/modelled_executor.hpp"
#include "engine/embedded/serve/scheduler.hpp"

namespace troupe::engine::test {

constexpr std::uint32_t modelled_vocab = 50;
constexpr std::int32_t modelled_end = 0;
constexpr std::int32_t unspoken = 1;

inline time_profile profile_of() {
  time_profile profile;
  profile.name = "test";
  profile.step_us = 1000;
  profile.prefill_token_us = 10;
  profile.prefill_context_ns = 500;
  profile.decode_token_us = 7;
  profile.kv_token_us = 2;
  profile.kv_tokens = 1600;
  profile.context_tokens = 1000;
  return profile;
}

inline modelled_tokens tokens_of() {
  modelled_tokens tokens{std::vector<bool>(modelled_vocab, true), modelled_end};
  tokens.speakable[modelled_end] = tokens.speakable[unspoken] = false;
  return tokens;
}

// Writes down how long each step was to take.
class noted_wait : public step_wait {
 public:
  explicit noted_wait(std::vector<std::chrono::nanoseconds>& notes) : notes_{notes} {}
  void wait(std::chrono::nanoseconds duration) override { notes_.push_back(duration); }
  void interrupt() override {}

 private:
  std::vector<std::chrono::nanoseconds>& notes_;
};

inline std::vector<std::int32_t> random_prompt(std::size_t tokens, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<std::int32_t> prompt(tokens);
  for (auto& token : prompt) token = static_cast<std::int32_t>(random() % modelled_vocab);
  return prompt;
}

inline generation_request ask(std::vector<std::int32_t> prompt, std::uint32_t max_tokens,
                              double temperature = 0) {
  generation_request request;
  request.prompt = std::move(prompt);
  request.max_tokens = max_tokens;
  request.sampling.temperature = temperature;
  request.sampling.seed = 5;
  return request;
}

struct modelled_rig {
  modelled_rig(const time_profile& profile, std::uint32_t blocks, std::size_t step_tokens)
      : plans{config_of(blocks, step_tokens)},
        executor{profile, blocks, tokens_of(), std::make_unique<noted_wait>(waits)} {}

  static scheduler_config config_of(std::uint32_t blocks, std::size_t step_tokens) {
    scheduler_config config;
    config.limits.step_tokens_max = step_tokens;
    config.limits.running_requests_max = 8;
    config.limits.queued_requests_max = 64;
    config.kv_blocks = blocks;
    config.context_tokens_max = 1000;
    config.end_tokens = {modelled_end};
    config.fingerprint = "modelled";
    return config;
  }

  void step() {
    const auto& plan = plans.plan();
    for (const auto& a : plan.admitted) cached[a.id] = a.cached_tokens;
    const auto logits = executor.run(plan.slices);
    std::vector<std::int32_t> chosen;
    for (const auto& s : plan.samples) {
      const auto row = logits.subspan(chosen.size() * modelled_vocab, modelled_vocab);
      chosen.push_back(chooser.sample(row, *s.params, s.position, {}));
    }
    for (const auto& token : plans.apply(chosen)) answers[token.id].push_back(token.token);
  }

  void finish() {
    while (plans.has_work()) step();
  }

  std::vector<std::chrono::nanoseconds> waits;
  scheduler plans;
  modelled_executor executor;
  sampler chooser;
  std::map<request_id, std::vector<std::int32_t>> answers;
  std::map<request_id, std::uint32_t> cached;
};

// What a request gets on an engine of its own.
inline std::vector<std::int32_t> alone(const generation_request& request,
                                       const time_profile& profile = profile_of()) {
  modelled_rig rig{profile, 100, 512};
  EXPECT_TRUE(rig.plans.submit(1, request));
  rig.finish();
  return rig.answers[1];
}

}  // namespace troupe::engine::test
