// Unpacks 16 weight rows into a tile whose lanes are rows. Included once for each instruction set,
// after lanes-inl.hpp.
//
// Shapes: quantised [block][quad of 8][row of 16][4 columns] bytes; scales, minima [block][row];
// float [column][row]. Columns beyond the matrix and rows beyond its last are zero or repeated.
#if defined(TROUPE_ENGINE_KERNELS_TILE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TROUPE_ENGINE_KERNELS_TILE_INL
#undef TROUPE_ENGINE_KERNELS_TILE_INL
#else
#define TROUPE_ENGINE_KERNELS_TILE_INL
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include <hwy/cache_control.h>

#include "engine/embedded/model/gguf_quantise.hpp"
#include "engine/embedded/model/kernels/lanes-inl.hpp"
#include "engine/embedded/model/kernels/matmul.hpp"

HWY_BEFORE_NAMESPACE();
namespace troupe::engine::kernels::HWY_NAMESPACE {

constexpr std::size_t block_bytes = std::size_t{block_columns} * tile_rows;

struct q4_0_format {
  static constexpr std::size_t header = 2, bytes = 18;
  static constexpr bool four_bit = true, has_minimum = false;
  static constexpr std::int32_t zero_point = 8;
};
struct q4_1_format {
  static constexpr std::size_t header = 4, bytes = 20;
  static constexpr bool four_bit = true, has_minimum = true;
  static constexpr std::int32_t zero_point = 0;
};
struct q8_0_format {
  static constexpr std::size_t header = 2, bytes = 34;
  static constexpr bool four_bit = false, has_minimum = false;
  static constexpr std::int32_t zero_point = 128;  // after the sign bit is flipped
};

struct source_rows {
  const std::uint8_t* row[tile_rows];

  source_rows(const matrix_view& weights, std::uint32_t first) {
    const auto* base = reinterpret_cast<const std::uint8_t*>(weights.data);
    for (std::uint32_t i = 0; i < tile_rows; ++i) {
      row[i] = base + std::min(first + i, weights.rows - 1) * weights.row_bytes;
    }
  }
};

struct quantised_tile {
  std::uint8_t* bytes;
  float* scales;
  float* minima;

  quantised_tile(std::byte* scratch, std::size_t blocks)
      : bytes{reinterpret_cast<std::uint8_t*>(scratch)},
        scales{reinterpret_cast<float*>(scratch + blocks * block_bytes)},
        minima{scales + blocks * tile_rows} {}
};

// Loads 16 bytes each of rows first, first + 4, ..: one 128-bit block a row.
HWY_INLINE word_vec load_blocks(const std::uint8_t* const* row, std::size_t offset) {
  const hn::Full128<std::uint32_t> quarter;
  const auto at = [&](std::size_t i) {
    return hn::LoadU(quarter, reinterpret_cast<const std::uint32_t*>(row[i] + offset));
  };
#if HWY_MAX_BYTES >= 64
  const hn::CappedTag<std::uint32_t, 8> half;
  return hn::Combine(words, hn::Combine(half, at(12), at(8)), hn::Combine(half, at(4), at(0)));
#elif HWY_MAX_BYTES >= 32
  return hn::Combine(words, at(4), at(0));
#else
  return at(0);
#endif
}

// Loads 16 bytes of each of `width` rows and turns them so that lane = row, vector = 4 bytes.
HWY_INLINE void load_turned(const std::uint8_t* const* row, std::size_t offset,
                            word_vec (&quads)[4]) {
  const hn::RepartitionToWide<word_tag> wide;
  const auto a = load_blocks(row, offset), b = load_blocks(row + 1, offset);
  const auto c = load_blocks(row + 2, offset), d = load_blocks(row + 3, offset);
  const auto ab_low = hn::BitCast(wide, hn::InterleaveLower(words, a, b));
  const auto cd_low = hn::BitCast(wide, hn::InterleaveLower(words, c, d));
  const auto ab_high = hn::BitCast(wide, hn::InterleaveUpper(words, a, b));
  const auto cd_high = hn::BitCast(wide, hn::InterleaveUpper(words, c, d));
  quads[0] = hn::BitCast(words, hn::InterleaveLower(wide, ab_low, cd_low));
  quads[1] = hn::BitCast(words, hn::InterleaveUpper(wide, ab_low, cd_low));
  quads[2] = hn::BitCast(words, hn::InterleaveLower(wide, ab_high, cd_high));
  quads[3] = hn::BitCast(words, hn::InterleaveUpper(wide, ab_high, cd_high));
}

template <class Format>
HWY_INLINE void unpack_block(const std::uint8_t* const* row, std::size_t offset, std::uint8_t* to) {
  word_vec low[4], high[4];
  load_turned(row, offset, low);
  if constexpr (!Format::four_bit) load_turned(row, offset + 16, high);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    if constexpr (Format::four_bit) {
      const auto mask = hn::Set(words, 0x0F0F0F0FU);
      high[i] = hn::And(hn::ShiftRight<4>(low[i]), mask);
      low[i] = hn::And(low[i], mask);
    } else {
      const auto flip = hn::Set(words, 0x80808080U);
      low[i] = hn::Xor(low[i], flip);
      high[i] = hn::Xor(high[i], flip);
    }
    hn::Store(low[i], words, reinterpret_cast<std::uint32_t*>(to + i * 64));
    hn::Store(high[i], words, reinterpret_cast<std::uint32_t*>(to + (i + 4) * 64));
  }
}

// Collects all headers, [block][row]: scale in the low half of a word, minimum above. In a pass of
// its own, for a vector load right behind the narrow stores of its lanes would wait for them.
template <class Format>
HWY_INLINE void gather_headers(const source_rows& source, std::size_t blocks, std::byte* to) {
  for (std::size_t i = 0; i < tile_rows; ++i) {
    for (std::size_t block = 0; block < blocks; ++block) {
      std::uint32_t header = 0;
      std::memcpy(&header, source.row[i] + block * Format::bytes, Format::header);
      std::memcpy(to + (block * tile_rows + i) * sizeof header, &header, sizeof header);
    }
  }
}

// Turns the headers of one block, gathered where the scales will lie, into scales and minima.
template <class Format>
HWY_INLINE void widen_headers(std::size_t block, const quantised_tile& tile) {
  for (std::size_t i = block * tile_rows; i < (block + 1) * tile_rows; i += width) {
    const auto word = hn::BitCast(words, hn::Load(floats, tile.scales + i));
    hn::Store(widen_half(hn::And(word, hn::Set(words, 0xFFFF))), floats, tile.scales + i);
    if constexpr (Format::has_minimum) {
      hn::Store(widen_half(hn::ShiftRight<16>(word)), floats, tile.minima + i);
    }
  }
}

template <class Format>
void unpack_quantised(const source_rows& source, std::size_t blocks, const quantised_tile& tile) {
  gather_headers<Format>(source, blocks, reinterpret_cast<std::byte*>(tile.scales));
  const auto* next = source.row[tile_rows - 1] + blocks * Format::bytes;
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t i = 0; i < Format::bytes * tile_rows; i += 64) hwy::Prefetch(next + i);
    next += Format::bytes * tile_rows;
    widen_headers<Format>(block, tile);
    const auto offset = block * Format::bytes + Format::header;
    for (std::size_t first = 0; first < tile_rows; first += width) {
      unpack_block<Format>(source.row + first, offset,
                           tile.bytes + block * block_bytes + first * 4);
    }
  }
}

// Widens one number of a float type.
template <tensor_type Type>
HWY_INLINE float widen(const std::uint8_t* from) {
  if constexpr (Type == tensor_type::f32) {
    float value;
    std::memcpy(&value, from, sizeof value);
    return value;
  } else {
    std::uint16_t raw;
    std::memcpy(&raw, from, sizeof raw);
    if constexpr (Type == tensor_type::f16) return from_half(raw);
    return std::bit_cast<float>(std::uint32_t{raw} << 16U);
  }
}

// Turns 16 bytes of each of `width` rows into columns of floats, lane = row.
template <tensor_type Type>
HWY_INLINE void unpack_float_block(const std::uint8_t* const* row, std::size_t offset, float* to) {
  word_vec quads[4];
  load_turned(row, offset, quads);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    if constexpr (Type == tensor_type::f32) {
      hn::Store(hn::BitCast(floats, quads[i]), floats, to + i * tile_rows);
      continue;
    }
    float_vec first, second;
    if constexpr (Type == tensor_type::f16) {
      first = widen_half(hn::And(quads[i], hn::Set(words, 0xFFFF)));
      second = widen_half(hn::ShiftRight<16>(quads[i]));
    } else {
      first = hn::BitCast(floats, hn::ShiftLeft<16>(quads[i]));
      second = hn::BitCast(floats, hn::And(quads[i], hn::Set(words, 0xFFFF0000U)));
    }
    hn::Store(first, floats, to + 2 * i * tile_rows);
    hn::Store(second, floats, to + (2 * i + 1) * tile_rows);
  }
}

template <tensor_type Type>
void unpack_floats(const source_rows& source, std::size_t columns, float* tile) {
  constexpr std::size_t bytes = Type == tensor_type::f32 ? 4 : 2;
  constexpr std::size_t step = 16 / bytes;
  std::size_t column = 0;
  for (; column + step <= columns; column += step) {
    for (std::size_t first = 0; first < tile_rows; first += width) {
      unpack_float_block<Type>(source.row + first, column * bytes,
                               tile + column * tile_rows + first);
    }
  }
  for (; column < columns; ++column) {
    for (std::size_t i = 0; i < tile_rows; ++i) {
      tile[column * tile_rows + i] = widen<Type>(source.row[i] + column * bytes);
    }
  }
  std::fill(tile + columns * tile_rows, tile + padded(columns) * tile_rows, 0.0F);
}

}  // namespace troupe::engine::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
