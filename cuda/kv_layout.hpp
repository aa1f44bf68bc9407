// Where each element of the KV cache lies inside a block: one block is one contiguous run of bytes.
//
// Shapes: [block][layer][k|v][kv_head][token][dim], dtype IEEE half precision (2 bytes).
// Units: offsets count elements unless the name says bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::cuda {

struct kv_layout {
  std::uint32_t layers = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t block_tokens = 16;

  static constexpr std::size_t element_bytes = 2;

  // Elements of one (layer, k|v, kv_head) plane of a block: [token][dim].
  constexpr std::size_t plane() const { return std::size_t{block_tokens} * head_dim; }

  constexpr std::size_t block_elements() const { return plane() * kv_heads * 2 * layers; }
  constexpr std::size_t block_bytes() const { return block_elements() * element_bytes; }
  constexpr std::size_t token_bytes() const { return block_bytes() / block_tokens; }

  // Offset of the key (or value) plane of one head from the start of its block.
  constexpr std::size_t key_plane(std::uint32_t layer, std::uint32_t kv_head) const {
    return ((std::size_t{layer} * 2) * kv_heads + kv_head) * plane();
  }
  constexpr std::size_t value_plane(std::uint32_t layer, std::uint32_t kv_head) const {
    return ((std::size_t{layer} * 2 + 1) * kv_heads + kv_head) * plane();
  }
};

}  // namespace troupe::cuda
