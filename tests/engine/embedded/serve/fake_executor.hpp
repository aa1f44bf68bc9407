// An executor whose logits are a hash of the whole prefix, read back through the block tables.
//
// Each token's "KV" is the hash of everything up to it, kept where the block table says. A wrong
// position, a wrong or overwritten block, a missing token: each changes the logits.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/embedded/serve/block_pool.hpp"
#include "engine/embedded/serve/step_executor.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine::test {

inline std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9;
  x ^= x >> 27;
  x *= 0x94D049BB133111EB;
  return x ^ x >> 31;
}

class fake_executor : public step_executor {
 public:
  fake_executor(std::uint32_t blocks, std::uint32_t vocab)
      : kv_(std::size_t{blocks} * block_tokens), vocab_{vocab} {}

  std::span<const float> run(std::span<const sequence_slice> slices) override {
    logits_.clear();
    ++steps;
    for (const auto& s : slices) {
      TROUPE_ASSERT(!s.tokens.empty() && s.logit_rows <= s.tokens.size());
      for (std::size_t i = 0; i < s.tokens.size(); ++i) {
        const auto position = s.position + i;
        const auto before = position == 0 ? 0 : at(s, position - 1);
        at(s, position) = mix(before * 31 + static_cast<std::uint64_t>(s.tokens[i]) + 1);
      }
      tokens_computed += s.tokens.size();
      for (auto i = s.tokens.size() - s.logit_rows; i < s.tokens.size(); ++i) {
        append_row(at(s, s.position + i));
      }
    }
    return logits_;
  }

  std::uint32_t vocab() const override { return vocab_; }

  std::uint64_t steps = 0;
  std::uint64_t tokens_computed = 0;

 private:
  std::uint64_t& at(const sequence_slice& s, std::size_t position) {
    return kv_.at(std::size_t{s.block_table[position / block_tokens]} * block_tokens +
                  position % block_tokens);
  }

  void append_row(std::uint64_t hash) {
    for (std::uint32_t token = 0; token < vocab_; ++token) {
      logits_.push_back(static_cast<float>(mix(hash + token) % 1000) / 100.0F);
    }
  }

  std::vector<std::uint64_t> kv_;
  std::vector<float> logits_;
  std::uint32_t vocab_;
};

}  // namespace troupe::engine::test
