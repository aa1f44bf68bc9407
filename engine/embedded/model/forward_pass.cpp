#include "engine/embedded/model/forward_pass.hpp"

#include <vector>

#include "engine/embedded/model/forward_layers.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

void check(const sequence_slice& slice, const model_shape& shape, const kv_arena& arena) {
  TROUPE_ASSERT(!slice.tokens.empty());
  TROUPE_ASSERT(slice.logit_rows <= slice.tokens.size());
  TROUPE_ASSERT(slice.position + std::uint64_t{slice.tokens.size()} <=
                std::uint64_t{slice.block_table.size()} * arena.layout().block_tokens);
  for (const auto token : slice.tokens) {
    TROUPE_ASSERT(token >= 0 && static_cast<std::uint32_t>(token) < shape.vocab);
  }
  for (const auto block : slice.block_table) TROUPE_ASSERT(block < arena.blocks());
}

}  // namespace

struct forward_pass::state {
  const model_shape& shape;
  const kv_arena& arena;
  forward_layers layers;
  aligned_array<float> logits;
};

forward_pass::forward_pass(const model& weights, kv_arena& arena, unsigned threads)
    : state_{new state{weights.shape(), arena, {weights, arena, threads}, {}}} {}

forward_pass::~forward_pass() = default;

std::span<const float> forward_pass::run(std::span<const sequence_slice> slices) {
  std::size_t rows = 0;
  for (const auto& slice : slices) {
    check(slice, state_->shape, state_->arena);
    rows += slice.logit_rows;
  }
  state_->logits.ensure(rows * state_->shape.vocab);
  float* logits = state_->logits.data();
  std::vector<slice_piece> pieces;
  std::uint32_t filled = 0;
  const auto flush = [&] {
    logits += std::size_t{state_->layers.run(pieces, logits)} * state_->shape.vocab;
    pieces.clear();
    filled = 0;
  };
  for (const auto& slice : slices) {
    const auto count = static_cast<std::uint32_t>(slice.tokens.size());
    for (std::uint32_t offset = 0; offset < count;) {
      const auto take = std::min(count - offset, forward_buffers::rows_max - filled);
      pieces.push_back({&slice, offset, take, filled});
      filled += take;
      offset += take;
      if (filled == forward_buffers::rows_max) flush();
    }
  }
  if (filled != 0) flush();
  return {state_->logits.data(), rows * state_->shape.vocab};
}

}  // namespace troupe::engine
