// Conversions between float and the block formats of GGUF tensors: the plain reference, for the
// writer and for tests. The engine's own kernels live elsewhere and are checked against these.
//
// Units: one block of Q8_0 is {f16 d, 32 x int8}, value = d * q; of Q4_0 {f16 d, 16 bytes}, value =
// d * (q - 8); of Q4_1 {f16 d, f16 m, 16 bytes}, value = d * q + m. Byte j of a 4-bit block holds
// element j in its low and element j + 16 in its high nibble.
// Source: ggml's block formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/embedded/model/gguf_file.hpp"

namespace troupe::engine {

// Rounds a float to half precision, ties to even.
std::uint16_t to_half(float value);

// Widens a half precision number.
float from_half(std::uint16_t half);

// Rounds a float to bfloat16, ties to even.
std::uint16_t to_bfloat(float value);

// Encodes values, whose count is a multiple of the type's block, as the type's bytes. The same
// values give the same bytes on every machine.
std::vector<std::byte> quantise(tensor_type type, std::span<const float> values);

// Decodes all blocks of a tensor's bytes.
std::vector<float> dequantise(tensor_type type, std::span<const std::byte> bytes);

}  // namespace troupe::engine
