// Computes the logits of one step; the seam between scheduling and arithmetic.
//
// Thread: one caller at a time; interrupt from any.
#pragma once

#include <cstdint>
#include <span>

#include "engine/embedded/model/forward_pass.hpp"

namespace troupe::engine {

class step_executor {
 public:
  virtual ~step_executor() = default;

  // Writes KV of all tokens and returns the rows of logits asked for, [row][vocab], in the order of
  // the slices; valid until the next call.
  virtual std::span<const float> run(std::span<const sequence_slice> slices) = 0;

  // Gives the memory of all KV back to the system; what it held is lost.
  virtual void release_memory() {}

  // Makes a run under way return early where it can: nobody waits for its result any more.
  virtual void interrupt() {}

  // Length of a row.
  virtual std::uint32_t vocab() const = 0;
};

// The real one: the transformer of a model file.
class forward_executor : public step_executor {
 public:
  forward_executor(const model& weights, kv_arena& arena, unsigned threads)
      : arena_{arena}, pass_{weights, arena, threads}, vocab_{weights.shape().vocab} {}

  std::span<const float> run(std::span<const sequence_slice> slices) override {
    return pass_.run(slices);
  }
  void release_memory() override;
  std::uint32_t vocab() const override { return vocab_; }

 private:
  kv_arena& arena_;
  forward_pass pass_;
  std::uint32_t vocab_;
};

}  // namespace troupe::engine
