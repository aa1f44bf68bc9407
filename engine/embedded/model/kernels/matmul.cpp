#include "engine/embedded/model/kernels/matmul.hpp"

#include <algorithm>
#include <bit>

#include "engine/embedded/model/gguf_quantise.hpp"
#include "engine/embedded/model/kernels/targets.hpp"
#include "runtime/assert.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/embedded/model/kernels/matmul.cpp"
#include <hwy/foreach_target.h>

#include "engine/embedded/model/kernels/dot-inl.hpp"
#include "engine/embedded/model/kernels/lanes-inl.hpp"
#include "engine/embedded/model/kernels/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
#if HWY_TARGET == HWY_AVX3_DL
#pragma GCC target("avx512vnni")
#endif
namespace troupe::engine::kernels::HWY_NAMESPACE {

// Results of one vector of weight rows: stores those that exist.
struct store_lanes {
  float* to;           // activation row 0, first weight row of the vector
  std::size_t stride;  // floats between activation rows
  std::size_t count;   // weight rows that exist, from `to` on

  HWY_INLINE void operator()(float_vec value, std::size_t row) const {
    if (count >= width) {
      hn::StoreU(value, floats, to + row * stride);
      return;
    }
    alignas(64) float lanes[width];
    hn::Store(value, floats, lanes);
    std::copy_n(lanes, count, to + row * stride);
  }
};

HWY_INLINE int_vec broadcast(const std::int8_t* four) {
  std::int32_t word;
  std::memcpy(&word, four, sizeof word);
  return hn::Set(ints, word);
}

struct block_place {
  const std::uint8_t* tile_bytes;
  std::size_t first;  // activation row
  std::size_t block;
};

// Sums the 32 integer products of one block for Rows activation rows.
template <class Format, std::size_t Rows>
HWY_INLINE void sum_products(const block_place& at, const activations& input,
                             int_vec (&product)[Rows]) {
  using exact = dot<Format::four_bit>;
  const auto* quads = at.tile_bytes + at.block * block_bytes;
  const auto* bytes = input.quantised + at.first * input.columns + at.block * block_columns;
  const auto* sums = input.sums + at.first * input.blocks() + at.block;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < Rows; ++i) {
    product[i] = hn::Set(ints, -Format::zero_point * sums[i * input.blocks()]);
  }
#pragma GCC unroll 8
  for (std::size_t quad = 0; quad < 8; ++quad) {
    const auto weight = exact::load(
        hn::Load(words, reinterpret_cast<const std::uint32_t*>(quads + quad * tile_rows * 4)));
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Rows; ++i) {
      const auto* four = bytes + i * input.columns + quad * 4;
      product[i] = exact::add(product[i], weight, broadcast(four));
    }
  }
}

// Multiplies Rows activation rows from `first` on with one vector of the tile's rows.
template <class Format, std::size_t Rows>
HWY_INLINE void multiply_quantised(const quantised_tile& tile, const activations& input,
                                   std::size_t first, const store_lanes& store) {
  const auto blocks = input.blocks();
  const auto* scales = input.scales + first * blocks;
  const auto* sums = input.sums + first * blocks;
  float_vec result[Rows];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < Rows; ++i) result[i] = hn::Zero(floats);
  for (std::size_t block = 0; block < blocks; ++block) {
    int_vec product[Rows];
    sum_products<Format, Rows>({tile.bytes, first, block}, input, product);
    const auto scale = hn::Load(floats, tile.scales + block * tile_rows);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Rows; ++i) {
      auto term = hn::Mul(scale, hn::ConvertTo(floats, product[i]));
      if constexpr (Format::has_minimum) {
        const auto minimum = hn::Load(floats, tile.minima + block * tile_rows);
        const auto sum = static_cast<float>(sums[i * blocks + block]);
        term = hn::Add(term, hn::Mul(minimum, hn::Set(floats, sum)));
      }
      const auto by = hn::Set(floats, scales[i * blocks + block]);
      result[i] = hn::Add(result[i], hn::Mul(by, term));
    }
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < Rows; ++i) store(result[i], first + i);
}

template <std::size_t Rows>
HWY_INLINE void multiply_floats(const float* tile, const activations& input, std::size_t first,
                                const store_lanes& store) {
  const float* values = input.values + first * input.columns;
  float_vec result[Rows];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < Rows; ++i) result[i] = hn::Zero(floats);
  for (std::size_t block = 0; block < input.columns; block += block_columns) {
    float_vec sum[Rows];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Rows; ++i) sum[i] = hn::Zero(floats);
    for (std::size_t column = block; column < block + block_columns; ++column) {
      const auto weight = hn::Load(floats, tile + column * tile_rows);
#pragma GCC unroll 8
      for (std::size_t i = 0; i < Rows; ++i) {
        const auto value = hn::Set(floats, values[i * input.columns + column]);
        sum[i] = hn::Add(sum[i], hn::Mul(value, weight));
      }
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Rows; ++i) result[i] = hn::Add(result[i], sum[i]);
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < Rows; ++i) store(result[i], first + i);
}

// Calls `multiply` for as many activation rows at once as registers allow, then for the rest.
template <class Multiply>
HWY_INLINE void for_row_groups(std::size_t rows, const Multiply& multiply) {
  constexpr std::size_t most = HWY_MAX_BYTES >= 64 ? 8 : 4;
  std::size_t row = 0;
  for (; row + most <= rows; row += most) {
    multiply(std::integral_constant<std::size_t, most>{}, row);
  }
  for (; row + 2 <= rows; row += 2) multiply(std::integral_constant<std::size_t, 2>{}, row);
  if (row < rows) multiply(std::integral_constant<std::size_t, 1>{}, row);
}

template <class Format>
void quantised_tile_product(const matrix_view& weights, std::uint32_t first_row,
                            const activations& input, const tile_output& output) {
  quantised_tile tile{output.scratch, input.blocks()};
  unpack_quantised<Format>(source_rows{weights, first_row}, input.blocks(), tile);
  for (std::size_t lane = 0; lane < tile_rows && first_row + lane < weights.rows; lane += width) {
    const store_lanes store{output.data + first_row + lane, output.stride,
                            weights.rows - first_row - lane};
    quantised_tile part = tile;
    part.bytes += lane * 4;
    part.scales += lane;
    part.minima += lane;
    for_row_groups(input.rows, [&](auto count, std::size_t row) {
      multiply_quantised<Format, count()>(part, input, row, store);
    });
  }
}

template <tensor_type Type>
void float_tile_product(const matrix_view& weights, std::uint32_t first_row,
                        const activations& input, const tile_output& output) {
  auto* tile = reinterpret_cast<float*>(output.scratch);
  unpack_floats<Type>(source_rows{weights, first_row}, weights.columns, tile);
  for (std::size_t lane = 0; lane < tile_rows && first_row + lane < weights.rows; lane += width) {
    const store_lanes store{output.data + first_row + lane, output.stride,
                            weights.rows - first_row - lane};
    for_row_groups(input.rows, [&](auto count, std::size_t row) {
      multiply_floats<count()>(tile + lane, input, row, store);
    });
  }
}

void multiply(const matrix_view& weights, std::uint32_t first_row, const activations& input,
              const tile_output& output) {
  switch (weights.type) {
    case tensor_type::q4_0:
      return quantised_tile_product<q4_0_format>(weights, first_row, input, output);
    case tensor_type::q4_1:
      return quantised_tile_product<q4_1_format>(weights, first_row, input, output);
    case tensor_type::q8_0:
      return quantised_tile_product<q8_0_format>(weights, first_row, input, output);
    case tensor_type::f32:
      return float_tile_product<tensor_type::f32>(weights, first_row, input, output);
    case tensor_type::f16:
      return float_tile_product<tensor_type::f16>(weights, first_row, input, output);
    case tensor_type::bf16:
      return float_tile_product<tensor_type::bf16>(weights, first_row, input, output);
  }
}

}  // namespace troupe::engine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace troupe::engine::kernels {

HWY_EXPORT(multiply);

std::size_t tile_scratch_bytes(std::uint32_t columns) {
  return std::size_t{padded(columns)} * tile_rows * sizeof(float);
}

void multiply_tile(const matrix_view& weights, std::uint32_t first_row, const activations& input,
                   const tile_output& output) {
  TROUPE_ASSERT(first_row < weights.rows && input.columns == padded(weights.columns));
  HWY_DYNAMIC_DISPATCH(multiply)(weights, first_row, input, output);
}

void widen_row(const matrix_view& weights, std::uint32_t row, float* to) {
  TROUPE_ASSERT(row < weights.rows);
  const auto* data = weights.data + std::size_t{row} * weights.row_bytes;
  const auto values = dequantise(weights.type, {data, weights.row_bytes});
  TROUPE_ASSERT(values.size() == weights.columns);
  std::copy(values.begin(), values.end(), to);
}

}  // namespace troupe::engine::kernels
#endif
