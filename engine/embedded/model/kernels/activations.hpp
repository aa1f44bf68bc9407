// The input rows of a matrix product: floats, and the same rows rounded to int8 in blocks of 32.
//
// Shapes: values [row][columns]; quantised [row][columns]; scales, sums [row][columns / 32].
// `columns` is rounded up to whole blocks; what was added is zero.
// Source: rounding activations to int8 per block follows ggml's Q8_1; a row is rounded by itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::engine::kernels {

inline constexpr std::uint32_t block_columns = 32;

// Rounds a count of columns up to whole blocks.
constexpr std::uint32_t padded(std::uint32_t columns) {
  return (columns + block_columns - 1) / block_columns * block_columns;
}

struct activations {
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;  // a multiple of block_columns
  float* values = nullptr;
  std::int8_t* quantised = nullptr;
  float* scales = nullptr;       // value = scale * quantised
  std::int32_t* sums = nullptr;  // of a block's quantised numbers

  std::uint32_t blocks() const { return columns / block_columns; }
  float* row(std::uint32_t i) const { return values + std::size_t{i} * columns; }
};

}  // namespace troupe::engine::kernels
