// What a request changes in its logits before a token is chosen: penalties, biases, bad words.
//
// Everything follows from the tokens so far, nothing is carried from step to step, so a request
// that goes on from its own output is treated as if it had never stopped.
//
// Thread: rules are values; a logit_shaper has one caller at a time (it owns scratch space).
// Order, as in vLLM: bad words, bias, repetition, frequency, presence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::engine {

struct token_bias {
  std::int32_t token = 0;
  float bias = 0;
};

struct token_rules {
  float presence_penalty = 0;    // subtracted once from every token of the output
  float frequency_penalty = 0;   // subtracted for each time it is there
  float repetition_penalty = 1;  // divides positive logits of tokens of prompt and output
  std::vector<token_bias> biases;
  std::vector<std::vector<std::int32_t>> bad_words;  // never completed in the output; none empty

  // True where nothing is changed.
  bool empty() const;
};

// The tokens of a request: its prompt, then its output.
struct token_history {
  std::span<const std::int32_t> tokens;
  std::size_t prompt_tokens = 0;

  std::span<const std::int32_t> output() const { return tokens.subspan(prompt_tokens); }
};

class logit_shaper {
 public:
  // Returns the row as the rules leave it; valid until the next call.
  std::span<const float> shape(std::span<const float> row, const token_rules& rules,
                               const token_history& history);

 private:
  void penalise(const token_rules& rules, const token_history& history);

  std::vector<float> row_;
  std::vector<std::uint32_t> counts_;  // [token], in the output; all zero between calls
  std::vector<std::uint8_t> seen_;     // [token], anywhere; all zero between calls
};

}  // namespace troupe::engine
