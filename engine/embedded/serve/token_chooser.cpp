#include "engine/embedded/serve/token_chooser.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "engine/embedded/grammar/token_grammar.hpp"

namespace troupe::engine {

namespace {

// Calls `visit` with each token of a mask, in order, until it returns false.
template <class Visitor>
void each_allowed(std::span<const std::uint64_t> mask, Visitor visit) {
  for (std::size_t w = 0; w < mask.size(); ++w) {
    for (auto bits = mask[w]; bits != 0; bits &= bits - 1) {
      if (!visit(w * 64 + static_cast<std::size_t>(std::countr_zero(bits)))) return;
    }
  }
}

std::int32_t first_allowed(token_grammar& grammar) {
  auto first = no_token;
  each_allowed(grammar.allowed(), [&](std::size_t token) {
    first = static_cast<std::int32_t>(token);
    return false;
  });
  return first;
}

}  // namespace

// Returns the row without what the grammar forbids; tokens beyond its vocabulary are forbidden too.
std::span<const float> token_chooser::allowed_of(std::span<const float> row,
                                                 token_grammar& grammar) {
  masked_.assign(row.size(), -std::numeric_limits<float>::infinity());
  each_allowed(grammar.allowed(), [&](std::size_t token) {
    masked_[token] = row[token];
    return true;
  });
  return masked_;
}

std::int32_t token_chooser::draw(const planned_sample& s, std::span<const float> row) {
  const auto shaped = shaper_.shape(row, *s.rules, s.history);
  const auto token = sampler_.sample(shaped, *s.params, s.position, s.banned);
  if (s.grammar == nullptr || s.grammar->allows(token)) return token;
  const auto forced = sampler_.sample(row, *s.params, s.position, {});
  return s.grammar->allows(forced) ? forced : first_allowed(*s.grammar);
}

void token_chooser::choose(const step_plan& plan, std::span<const float> logits) {
  tokens_.clear();
  logprobs_.clear();
  for (const auto& s : plan.samples) {
    auto row = row_of(s.row, logits);
    if (s.grammar != nullptr) row = allowed_of(row, *s.grammar);
    tokens_.push_back(draw(s, row));
    logprobs_.emplace_back();
    if (!s.logprobs || tokens_.back() == no_token) continue;
    logprobs_.back() = make_logprobs(row, tokens_.back(), *s.logprobs);
    if (s.grammar == nullptr) continue;
    std::erase_if(logprobs_.back()->top,
                  [&](const token_logprob& t) { return !s.grammar->allows(t.token); });
  }
}

token_logprobs token_chooser::tell(const prompt_row& wanted, std::span<const float> logits) const {
  return make_logprobs(row_of(wanted.row, logits), wanted.token, wanted.top);
}

}  // namespace troupe::engine
