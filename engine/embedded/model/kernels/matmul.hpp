// Products of activation rows with weight matrices in the file's own types, 16 weight rows at a
// time.
//
// A tile of 16 weight rows is unpacked once into scratch, lane = weight row, and then meets every
// activation row. Within a block of 32 columns quantised weights are multiplied in integers, which
// is exact; blocks are added to the float result from left to right. So a number of the result
// depends on its own two rows only. Float weights: the 32 products of a block are added from left
// to right, then the blocks.
// Thread: any number at once, each with its own scratch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/embedded/model/kernels/activations.hpp"
#include "engine/embedded/model/model.hpp"

namespace troupe::engine::kernels {

inline constexpr std::uint32_t tile_rows = 16;

struct tile_output {
  float* data = nullptr;         // result of activation row 0 with weight row 0
  std::size_t stride = 0;        // floats from one activation row to the next
  std::byte* scratch = nullptr;  // tile_scratch_bytes, aligned to 64
};

// Returns the scratch a tile of any type needs.
std::size_t tile_scratch_bytes(std::uint32_t columns);

// Multiplies all activation rows with weight rows [first_row, first_row + 16), as far as there are.
void multiply_tile(const matrix_view& weights, std::uint32_t first_row, const activations& input,
                   const tile_output& output);

// Tells whether products with this type read the int8 form of the activations.
constexpr bool wants_quantised(tensor_type type) {
  return type == tensor_type::q8_0 || type == tensor_type::q4_0 || type == tensor_type::q4_1;
}

// Widens one row of a matrix of any type to floats.
void widen_row(const matrix_view& weights, std::uint32_t row, float* to);

}  // namespace troupe::engine::kernels
