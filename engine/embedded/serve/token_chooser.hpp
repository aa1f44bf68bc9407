// From the logits of a step to its tokens: grammar, rules, sampling, log probabilities.
//
// A request's grammar comes first, as in vLLM: tokens it forbids are as if the model gave them no
// weight at all, for the rules, the sampler and the log probabilities. Where the rules (bad words,
// min_tokens) forbid all that the grammar allows, the grammar wins.
//
// Thread: one caller at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/embedded/serve/logprobs.hpp"
#include "engine/embedded/serve/sampler.hpp"
#include "engine/embedded/serve/scheduler.hpp"
#include "engine/embedded/serve/token_rules.hpp"

namespace troupe::engine {

class token_chooser {
 public:
  explicit token_chooser(std::uint32_t vocab) : vocab_{vocab} {}

  // Chooses a token for each of plan.samples; `logits` holds the rows the plan's slices ask for.
  void choose(const step_plan& plan, std::span<const float> logits);

  // Tokens and log probabilities of the last call, in the order of plan.samples; no_token where a
  // grammar allows none.
  std::span<const std::int32_t> tokens() const { return tokens_; }
  std::vector<std::optional<token_logprobs>>& logprobs() { return logprobs_; }

  // Returns what the prompt's own tokens are told with.
  token_logprobs tell(const prompt_row& wanted, std::span<const float> logits) const;

 private:
  std::span<const float> row_of(std::size_t row, std::span<const float> logits) const {
    return logits.subspan(row * vocab_, vocab_);
  }

  std::span<const float> allowed_of(std::span<const float> row, token_grammar& grammar);
  std::int32_t draw(const planned_sample& s, std::span<const float> row);

  std::uint32_t vocab_;
  std::vector<float> masked_;  // a row as a grammar leaves it
  sampler sampler_;
  logit_shaper shaper_;
  std::vector<std::int32_t> tokens_;
  std::vector<std::optional<token_logprobs>> logprobs_;
};

}  // namespace troupe::engine
