// The numbers of the GGUF format that its reader and its writer share.
//
// Source: the GGUF specification, version 3, and ggml's block formats (ggml project, docs/gguf.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/embedded/model/gguf_file.hpp"

namespace troupe::engine {

constexpr std::uint32_t gguf_magic = 0x46554747;  // "GGUF", little-endian
constexpr std::uint32_t gguf_alignment_default = 32;

// Type tags of metadata values, as the file spells them.
enum class gguf_tag : std::uint32_t {
  uint8 = 0,
  int8 = 1,
  uint16 = 2,
  int16 = 3,
  uint32 = 4,
  int32 = 5,
  float32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  uint64 = 10,
  int64 = 11,
  float64 = 12
};

// Returns how many bytes a value of a fixed-size tag takes, 0 for strings, arrays and unknown tags.
std::size_t fixed_bytes(gguf_tag tag);

// A tensor's row is a sequence of blocks: so many elements in so many bytes.
struct block_format {
  std::size_t elements = 1;
  std::size_t bytes = 4;
};

// Returns the block format of a raw type number, nothing where we do not support the type.
std::optional<block_format> format_of(std::uint32_t raw_type);

// Returns ggml's name of a raw type number ("Q4_K"), or "type 99" for one that it does not know.
std::string type_name(std::uint32_t raw_type);

}  // namespace troupe::engine
