// Chooses the next token from a row of logits, the same on every machine, to the bit.
//
// Probabilities are whole numbers: 2^-x is made from integer tables, sums of integers do not depend
// on their order, and the random number comes from a counter-based generator keyed by (seed,
// position). No libm function and no fused operation takes part.
//
// Thread: one caller at a time per sampler (it owns scratch space).
// Order of the filters, as in vLLM: temperature, min_p, top_k, top_p. Ties: lowest token id first.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x32-10).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::engine {

struct sampling_params {
  double temperature = 1.0;  // below 1e-5: greedy
  double top_p = 1.0;        // (0, 1]
  double min_p = 0.0;        // [0, 1]
  std::uint32_t top_k = 0;   // 0: all
  std::uint64_t seed = 0;
};

// Returns the four 32-bit words of Philox4x32-10.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

// Returns 64 random bits for one position of one request.
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t position);

// Returns 2^(44 - x), rounded down, where x = units / 2^32; x over 44 gives 0.
std::uint64_t exp2_weight(std::uint64_t units);

class sampler {
 public:
  // Returns the token for `position`, its index in the whole sequence (prompt included), so that a
  // sequence resumed from its own output draws the same numbers. Tokens of `banned` are never
  // chosen; NaN counts as minus infinity.
  std::int32_t sample(std::span<const float> logits, const sampling_params& params,
                      std::uint64_t position, std::span<const std::int32_t> banned);

 private:
  struct candidate {
    float logit;
    std::int32_t token;
    std::uint64_t weight;
  };

  static bool ranks_below(const candidate& a, const candidate& b);
  std::int32_t draw(const sampling_params& params, std::uint64_t position);
  void weigh(std::span<const float> logits, float peak, const sampling_params& params);
  std::size_t keep_best(const sampling_params& params);

  std::vector<float> allowed_;  // copy of the row, where tokens are banned
  std::vector<candidate> candidates_;
};

}  // namespace troupe::engine
