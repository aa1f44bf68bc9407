#include "engine/embedded/serve/token_rules.hpp"

#include <algorithm>
#include <limits>

namespace troupe::engine {

namespace {

constexpr float lowest = -std::numeric_limits<float>::infinity();

// True where the output ends with all of the word but its last token.
bool awaits_last(std::span<const std::int32_t> word, std::span<const std::int32_t> output) {
  const auto beginning = word.first(word.size() - 1);
  return output.size() >= beginning.size() &&
         std::ranges::equal(output.last(beginning.size()), beginning);
}

}  // namespace

bool token_rules::empty() const {
  return presence_penalty == 0 && frequency_penalty == 0 && repetition_penalty == 1 &&
         biases.empty() && bad_words.empty();
}

std::span<const float> logit_shaper::shape(std::span<const float> row, const token_rules& rules,
                                           const token_history& history) {
  if (rules.empty()) return row;
  row_.assign(row.begin(), row.end());
  for (const auto& word : rules.bad_words) {
    if (awaits_last(word, history.output())) row_[static_cast<std::size_t>(word.back())] = lowest;
  }
  for (const auto& b : rules.biases) row_[static_cast<std::size_t>(b.token)] += b.bias;
  penalise(rules, history);
  return row_;
}

void logit_shaper::penalise(const token_rules& rules, const token_history& history) {
  const bool repeats = rules.repetition_penalty != 1;
  if (!repeats && rules.presence_penalty == 0 && rules.frequency_penalty == 0) return;
  counts_.resize(row_.size());
  seen_.resize(row_.size());
  for (const auto token : history.output()) ++counts_[static_cast<std::size_t>(token)];
  const auto visited = repeats ? history.tokens : history.output();
  for (const auto token : visited) {
    const auto at = static_cast<std::size_t>(token);
    if (seen_[at] != 0) continue;
    seen_[at] = 1;
    auto& logit = row_[at];
    if (repeats) {
      logit = logit > 0 ? logit / rules.repetition_penalty : logit * rules.repetition_penalty;
    }
    if (counts_[at] == 0) continue;
    // A float times a count is exact in double, so only the subtraction rounds.
    const double often = double{rules.frequency_penalty} * counts_[at];
    logit = static_cast<float>(static_cast<double>(logit) - often);
    logit -= rules.presence_penalty;
  }
  for (const auto token : visited) {
    counts_[static_cast<std::size_t>(token)] = 0;
    seen_[static_cast<std::size_t>(token)] = 0;
  }
}

}  // namespace troupe::engine
