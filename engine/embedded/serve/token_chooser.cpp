#include "engine/embedded/serve/token_chooser.hpp"

namespace troupe::engine {

void token_chooser::choose(const step_plan& plan, std::span<const float> logits) {
  tokens_.clear();
  logprobs_.clear();
  for (const auto& s : plan.samples) {
    const auto raw = row_of(s.row, logits);
    const auto shaped = shaper_.shape(raw, *s.rules, s.history);
    tokens_.push_back(sampler_.sample(shaped, *s.params, s.position, s.banned));
    logprobs_.emplace_back();
    if (s.logprobs) logprobs_.back() = make_logprobs(raw, tokens_.back(), *s.logprobs);
  }
}

token_logprobs token_chooser::tell(const prompt_row& wanted, std::span<const float> logits) const {
  return make_logprobs(row_of(wanted.row, logits), wanted.token, wanted.top);
}

}  // namespace troupe::engine
