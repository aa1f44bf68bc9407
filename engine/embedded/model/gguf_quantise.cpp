#include "engine/embedded/model/gguf_quantise.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/embedded/model/gguf_format.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

constexpr std::size_t block_elements = 32;
using block_values = std::span<const float, block_elements>;

template <class T>
void append(std::vector<std::byte>& out, T value) {
  const auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// floor(value * scale + offset), clamped to 4 bits. In double the product is exact, so a compiler
// that fuses the addition changes nothing.
std::uint8_t nibble(float value, float scale, double offset) {
  const double scaled = static_cast<double>(value) * static_cast<double>(scale) + offset;
  return static_cast<std::uint8_t>(std::clamp(std::floor(scaled), 0.0, 15.0));
}

void append_nibbles(std::vector<std::byte>& out, const std::array<std::uint8_t, 32>& q) {
  for (std::size_t j = 0; j < 16; ++j) {
    append(out, static_cast<std::uint8_t>(q[j] | (q[j + 16] << 4U)));
  }
}

void append_q8_0(std::vector<std::byte>& out, block_values x) {
  float largest = 0;
  for (const float value : x) largest = std::max(largest, std::fabs(value));
  const float d = largest / 127.0F;
  const float inverse = d != 0 ? 1.0F / d : 0.0F;
  append(out, to_half(d));
  for (const float value : x) {
    append(out, static_cast<std::int8_t>(std::round(value * inverse)));
  }
}

void append_q4_0(std::vector<std::byte>& out, block_values x) {
  const float extreme =
      *std::ranges::max_element(x, {}, [](float value) { return std::fabs(value); });
  const float d = extreme / -8.0F;
  const float inverse = d != 0 ? 1.0F / d : 0.0F;
  append(out, to_half(d));
  std::array<std::uint8_t, block_elements> q{};
  for (std::size_t j = 0; j < q.size(); ++j) q[j] = nibble(x[j], inverse, 8.5);
  append_nibbles(out, q);
}

void append_q4_1(std::vector<std::byte>& out, block_values x) {
  const auto [low, high] = std::ranges::minmax(x);
  const float d = (high - low) / 15.0F;
  const float inverse = d != 0 ? 1.0F / d : 0.0F;
  append(out, to_half(d));
  append(out, to_half(low));
  std::array<std::uint8_t, block_elements> q{};
  for (std::size_t j = 0; j < q.size(); ++j) q[j] = nibble(x[j] - low, inverse, 0.5);
  append_nibbles(out, q);
}

float half_at(const std::byte* from) {
  std::uint16_t half = 0;
  std::memcpy(&half, from, sizeof(half));
  return from_half(half);
}

void decode_block(tensor_type type, const std::byte* from, float* to) {
  const float d = half_at(from);
  if (type == tensor_type::q8_0) {
    for (std::size_t j = 0; j < block_elements; ++j) {
      to[j] = d * static_cast<float>(std::bit_cast<std::int8_t>(from[2 + j]));
    }
    return;
  }
  const bool with_minimum = type == tensor_type::q4_1;
  const float m = with_minimum ? half_at(from + 2) : -8.0F * d;
  const auto* nibbles = from + (with_minimum ? 4 : 2);
  for (std::size_t j = 0; j < 16; ++j) {
    const auto pair = std::to_integer<unsigned>(nibbles[j]);
    to[j] = d * static_cast<float>(pair & 15U) + m;
    to[j + 16] = d * static_cast<float>(pair >> 4U) + m;
  }
}

// A plain number of f32, f16 or bf16.
float decode_number(tensor_type type, const std::byte* from) {
  if (type == tensor_type::f16) return half_at(from);
  std::uint32_t bits = 0;
  if (type == tensor_type::f32) {
    std::memcpy(&bits, from, 4);
  } else {
    std::memcpy(reinterpret_cast<std::byte*>(&bits) + 2, from, 2);
  }
  return std::bit_cast<float>(bits);
}

}  // namespace

std::uint16_t to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16U) & 0x8000U);
  const auto magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) return sign | 0x7E00U;   // NaN
  if (magnitude >= 0x477FF000U) return sign | 0x7C00U;  // rounds to infinity
  if (magnitude < 0x38800000U) {
    // Subnormal half: adding 0.5 leaves the value, rounded to even, in the mantissa's low bits.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U);
  }
  const auto odd = (magnitude >> 13U) & 1U;
  return sign | static_cast<std::uint16_t>((magnitude - 0x38000000U + 0xFFFU + odd) >> 13U);
}

float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = (half >> 10U) & 0x1FU;
  const std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0) {
    const float value = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 31 ? 0xFFU : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23U) | (mantissa << 13U));
}

std::uint16_t to_bfloat(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

std::vector<std::byte> quantise(tensor_type type, std::span<const float> values) {
  const auto format = format_of(static_cast<std::uint32_t>(type));
  TROUPE_ASSERT(format && values.size() % format->elements == 0);
  std::vector<std::byte> out;
  out.reserve(values.size() / format->elements * format->bytes);
  for (std::size_t i = 0; i < values.size(); i += format->elements) {
    if (type == tensor_type::f32) {
      append(out, values[i]);
    } else if (type == tensor_type::f16) {
      append(out, to_half(values[i]));
    } else if (type == tensor_type::bf16) {
      append(out, to_bfloat(values[i]));
    } else {
      const block_values block{values.data() + i, block_elements};
      if (type == tensor_type::q8_0) append_q8_0(out, block);
      if (type == tensor_type::q4_0) append_q4_0(out, block);
      if (type == tensor_type::q4_1) append_q4_1(out, block);
    }
  }
  return out;
}

std::vector<float> dequantise(tensor_type type, std::span<const std::byte> bytes) {
  const auto format = format_of(static_cast<std::uint32_t>(type));
  TROUPE_ASSERT(format && bytes.size() % format->bytes == 0);
  const auto blocks = bytes.size() / format->bytes;
  std::vector<float> out(blocks * format->elements);
  for (std::size_t b = 0; b < blocks; ++b) {
    const auto* from = bytes.data() + b * format->bytes;
    if (format->elements == 1) {
      out[b] = decode_number(type, from);
    } else {
      decode_block(type, from, out.data() + b * format->elements);
    }
  }
  return out;
}

}  // namespace troupe::engine
