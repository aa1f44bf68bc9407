// The per-token kernels between the matrix products: norm, rounding, rotation, activation.
//
// Units: counts of floats are multiples of 16, buffers are padded with zeros up to there.
// Thread: pure functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/embedded/model/kernels/activations.hpp"

namespace troupe::engine::kernels {

struct norm_arguments {
  const float* weight = nullptr;  // padded
  std::uint32_t columns = 0;      // without padding: what the mean divides by
  std::uint32_t padded_columns = 0;
  float epsilon = 0;
};

// Writes x / rms(x) * weight.
void rms_normalise(const float* x, const norm_arguments& norm, float* out);

// Adds y to x.
void accumulate(float* x, const float* y, std::size_t count);

// Rounds one row of the activations to int8 blocks.
void quantise_row(const activations& rows, std::uint32_t row);

// Writes silu(gate) * up.
void gated_silu(const float* gate, const float* up, std::size_t count, float* out);

struct rotation {
  const float* cosines = nullptr;  // [head_dim], each of a pair the same
  const float* sines = nullptr;    // [head_dim], negative for the first of a pair
  std::uint32_t head_dim = 0;      // a multiple of 16
  float scale = 1;                 // multiplied after the rotation
};

// Rotates the adjacent pairs of each head in place.
void rotate_heads(float* heads, std::uint32_t count, const rotation& by);

// Rounds floats to half precision, ties to even, saturating.
void narrow_to_half(const float* from, std::size_t count, std::uint16_t* to);

}  // namespace troupe::engine::kernels
