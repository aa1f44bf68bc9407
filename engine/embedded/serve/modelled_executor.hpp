// A step without arithmetic: logits from a hash of each sequence's tokens, time from a profile.
//
// The hash of a sequence runs over its tokens in order and is kept with the block that holds the
// last of them, where the real engine keeps KV. So a prefix found in the cache continues its hash,
// a wrong or overwritten block shows as a wrong answer, and the same tokens give the same logits on
// every engine, in every batch, after every pre-emption and with any output prefix. A row is one
// table of random numbers, rotated by the hash: sampler, penalties and masks have real work to do.
//
// Thread: run by one caller at a time; interrupt from any thread.
// Bounds: 8 bytes a block, and one row of logits a sample.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/embedded/serve/modelled_profile.hpp"
#include "engine/embedded/serve/modelled_wait.hpp"
#include "engine/embedded/serve/step_executor.hpp"

namespace troupe::engine {

// Which tokens a modelled engine speaks.
struct modelled_tokens {
  std::vector<bool> speakable;  // [vocab]: may be part of an answer
  std::int32_t end = -1;        // ends an answer; -1: none does
};

class modelled_executor : public step_executor {
 public:
  modelled_executor(time_profile profile, std::uint32_t blocks, const modelled_tokens& tokens,
                    std::unique_ptr<step_wait> wait);

  std::span<const float> run(std::span<const sequence_slice> slices) override;
  std::uint32_t vocab() const override { return static_cast<std::uint32_t>(bias_.size()); }

  // Ends the step under way at once; its tokens are the same.
  void interrupt() override { wait_->interrupt(); }

 private:
  void add_rows(const sequence_slice& slice);
  void add_row(std::uint64_t hash);

  time_profile profile_;
  std::unique_ptr<step_wait> wait_;
  std::int32_t end_;
  std::vector<std::uint64_t> hashes_;  // [block]: of all tokens up to the last one in it
  std::vector<float> noise_;           // [vocab], twice over, so that a rotation is one run of it
  std::vector<float> bias_;            // [vocab]: keeps out what is not spoken
  std::vector<float> logits_;          // [row][vocab]
};

}  // namespace troupe::engine
