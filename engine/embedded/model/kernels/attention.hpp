// Causal attention of a few consecutive tokens over the paged KV of their sequence, for the query
// heads that share one KV head.
//
// Keys are visited in steps of 16 positions from position 0 on, with an online softmax; a query
// takes exactly the positions up to its own. Scores add dimensions from first to last, outputs add
// positions from first to last: the same for a decode step and for a prefill chunk of any size.
// Shapes: query, output [token][...][head][head_dim] at a given stride; KV as cuda/kv_layout.hpp.
// Thread: any number at once, each with its own scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/embedded/model/kv_arena.hpp"

namespace troupe::engine::kernels {

inline constexpr std::uint32_t attention_tokens_max = 16;  // query tokens of one call
inline constexpr std::uint32_t key_step = 16;

struct attention_tile {
  const float* query = nullptr;  // first token, first head of the group; scaled by 1/sqrt(head_dim)
  float* output = nullptr;
  std::size_t query_stride = 0;  // floats from one token to the next
  std::size_t output_stride = 0;
  std::uint32_t tokens = 0;
  std::uint32_t group_heads = 0;
  std::uint32_t position = 0;  // of the first token
  std::uint32_t layer = 0;
  std::uint32_t kv_head = 0;
  std::span<const std::uint32_t> block_table;
  const kv_arena* arena = nullptr;
  float* scratch = nullptr;  // attention_scratch_floats, aligned to 64 bytes
};

// Returns the scratch one call needs.
std::size_t attention_scratch_floats(std::uint32_t head_dim, std::uint32_t group_heads);

// Writes the attention output of the tile.
void attend(const attention_tile& tile);

}  // namespace troupe::engine::kernels
