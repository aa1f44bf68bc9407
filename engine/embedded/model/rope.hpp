// Rotary position embedding: the cosines and sines of a position, the same bits on every machine.
//
// The C library picks its sin, cos and pow by processor (with or without FMA) and may differ in the
// last bit; these use +, -, * and / of doubles only.
// Thread: immutable after construction.
#pragma once

#include <cstdint>
#include <vector>

namespace troupe::engine {

struct sine_cosine {
  double sine = 0;
  double cosine = 1;
};

// Returns sine and cosine of an angle in radians, 0 <= angle < 2^30, within 1e-9.
sine_cosine sine_and_cosine(double angle);

// Returns base^-exponent for base > 0 and 0 <= exponent < 1, within 1e-12 of itself.
double inverse_power(double base, double exponent);

class rope {
 public:
  // `factors` divide the frequencies of the pairs; empty, or one for each of head_dim / 2.
  rope(float base, std::uint32_t head_dim, const std::vector<float>& factors);

  // Writes [head_dim] cosines and as many sines for adjacent pairs (2i, 2i + 1): each pair has the
  // same cosine twice, and the sine negative, then positive.
  void fill(std::uint32_t position, float* cosines, float* sines) const;

 private:
  std::vector<double> frequencies_;
};

}  // namespace troupe::engine
