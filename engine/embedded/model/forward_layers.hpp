// One pass over all layers for at most forward_buffers::rows_max tokens.
//
// Work inside a phase is split by output rows, heads and tokens; phases are separated by the pool's
// barrier. Each part writes numbers of its own, so the split never shows in the result.
// Thread: one caller at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/embedded/model/forward_buffers.hpp"
#include "engine/embedded/model/forward_pass.hpp"
#include "engine/embedded/model/kernels/elementwise.hpp"
#include "engine/embedded/model/rope.hpp"
#include "engine/embedded/model/worker_pool.hpp"

namespace troupe::engine {

// Tokens [offset, offset + count) of a slice, in rows [row, row + count) of the pass.
struct slice_piece {
  const sequence_slice* slice = nullptr;
  std::uint32_t offset = 0;
  std::uint32_t count = 0;
  std::uint32_t row = 0;

  std::uint32_t position() const { return slice->position + offset; }
  // First token of the slice that wants logits.
  std::uint32_t logits_from() const {
    return static_cast<std::uint32_t>(slice->tokens.size()) - slice->logit_rows;
  }
};

class forward_layers {
 public:
  forward_layers(const model& weights, kv_arena& arena, unsigned threads);

  // Runs the pieces' tokens through all layers, writes their KV, and writes the logits of those
  // that want them, [row][vocab]. Returns how many rows of logits it wrote.
  std::uint32_t run(std::span<const slice_piece> pieces, float* logits);

 private:
  struct product {
    const matrix_view& weights;
    float* output;
    std::size_t stride;
  };
  struct query_tile {
    const slice_piece* piece;
    std::uint32_t offset;  // of its first token in the piece
    std::uint32_t count;
  };

  void place(std::span<const slice_piece> pieces);
  void embed();
  void attend_layer(std::uint32_t layer);
  void feed_forward(std::uint32_t layer);
  void store_keys_values(std::uint32_t layer);
  void attend_tiles(std::uint32_t layer);
  std::uint32_t write_logits(float* logits);

  kernels::norm_arguments norm(std::uint32_t row) const;
  void multiply(std::span<const product> products, const kernels::activations& input);
  void for_each_row(std::uint32_t rows, const std::function<void(std::uint32_t)>& visit);
  std::byte* scratch(unsigned worker) const;

  const model& weights_;
  kv_arena& arena_;
  worker_pool pool_;
  rope rope_;
  forward_buffers buffers_;
  row_buffer norms_;  // of each layer the attention's and the feed-forward's, then the final one
  aligned_array<std::byte> scratch_;
  std::size_t scratch_bytes_ = 0;                 // of one worker
  std::vector<const slice_piece*> piece_of_row_;  // of the running pass
  std::vector<query_tile> tiles_;
  std::vector<std::uint32_t> logit_rows_;
  std::uint32_t rows_ = 0;
};

}  // namespace troupe::engine
