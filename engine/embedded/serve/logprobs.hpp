// Log probabilities of tokens, from the raw logits, the same on every machine, to the bit.
//
// The softmax's sum is a sum of integers (exp2_weight), its logarithm comes from repeated squaring
// of integers; neither libm nor the order of a floating-point sum takes part.
//
// Units: natural logarithms. Precision: 1e-5, absolute.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace troupe::engine {

struct token_logprob {
  std::int32_t token = 0;
  float logprob = 0;
  std::uint32_t rank = 0;  // 1: the most likely; equals share the lowest place, as in vLLM

  friend bool operator==(const token_logprob&, const token_logprob&) = default;
};

// What one position is told with: the token that stands there and the best ones.
struct token_logprobs {
  token_logprob chosen;
  std::vector<token_logprob> top;  // best first, ties by token id

  friend bool operator==(const token_logprobs&, const token_logprobs&) = default;
};

// Returns ln(value) for value > 0, in units of 2^-32, rounded towards zero.
std::uint64_t natural_log(std::uint64_t value);

// Returns the chosen token's and the `top` best log probabilities of a row; NaN counts as minus
// infinity.
token_logprobs make_logprobs(std::span<const float> row, std::int32_t chosen, std::uint32_t top);

}  // namespace troupe::engine
