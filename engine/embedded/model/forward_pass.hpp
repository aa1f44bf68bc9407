// Runs the transformer over one step's mixed batch of prefill chunks and decode tokens.
//
// Thread: one caller at a time; it owns a pool of `threads` worker threads (the caller's included).
// Batch invariance: every number computed for a token depends only on that token's own sequence:
// the order of every floating-point sum is fixed by the model's shape, never by the batch, the
// chunk size, the number of threads or the width of the vector unit.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/embedded/model/kv_arena.hpp"
#include "engine/embedded/model/model.hpp"

namespace troupe::engine {

// Consecutive tokens of one sequence. Its KV for positions [0, position) already lies in the
// blocks.
struct sequence_slice {
  std::span<const std::int32_t> tokens;        // at least one, each below shape().vocab
  std::uint32_t position = 0;                  // of tokens[0]
  std::span<const std::uint32_t> block_table;  // block ids, covering position + tokens.size()
  std::uint32_t logit_rows = 0;                // logits wanted for the last so many tokens
};

class forward_pass {
 public:
  forward_pass(const model& weights, kv_arena& arena, unsigned threads);
  ~forward_pass();
  forward_pass(const forward_pass&) = delete;
  forward_pass& operator=(const forward_pass&) = delete;

  // Writes KV of all tokens into their blocks and returns the logits asked for, [row][vocab], rows
  // in the order of slices and tokens. The span is valid until the next call.
  std::span<const float> run(std::span<const sequence_slice> slices);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::engine
