#include "engine/embedded/serve/modelled_executor.hpp"

#include <utility>

#include "engine/embedded/serve/block_pool.hpp"
#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

constexpr float noise_range = 12;     // logits of spoken tokens lie in [0, noise_range)
constexpr float unspoken_bias = -60;  // never sampled, yet there for a mask that allows no other
constexpr float end_logit = 40;       // above all others at any temperature in use
constexpr std::uint64_t first_hash = 0x6A09E667F3BCC908ULL;

// Mixes 64 bits; every output bit depends on every input bit (the finaliser of SplitMix64).
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

constexpr std::uint64_t extend(std::uint64_t hash, std::int32_t token) {
  return mix(hash * 0x9E3779B97F4A7C15ULL + static_cast<std::uint32_t>(token) + 1);
}

}  // namespace

modelled_executor::modelled_executor(time_profile profile, std::uint32_t blocks,
                                     const modelled_tokens& tokens, std::unique_ptr<step_wait> wait)
    : profile_{std::move(profile)},
      wait_{std::move(wait)},
      end_{profile_.answer_tokens_mean > 0 ? tokens.end : -1},
      hashes_(blocks),
      bias_(tokens.speakable.size()) {
  TROUPE_ASSERT(!bias_.empty() && end_ < static_cast<std::int32_t>(bias_.size()));
  noise_.reserve(2 * bias_.size());
  for (std::size_t i = 0; i < bias_.size(); ++i) {
    bias_[i] = tokens.speakable[i] ? 0 : unspoken_bias;
    noise_.push_back(static_cast<float>(mix(i + 1) >> 40U) * 0x1p-24F * noise_range);
  }
  for (std::size_t i = 0; i < bias_.size(); ++i) noise_.push_back(noise_[i]);
}

std::span<const float> modelled_executor::run(std::span<const sequence_slice> slices) {
  logits_.clear();
  for (const auto& slice : slices) add_rows(slice);
  wait_->wait(step_time(profile_, slices));
  return logits_;
}

void modelled_executor::add_rows(const sequence_slice& slice) {
  const auto count = slice.tokens.size();
  TROUPE_ASSERT(count > 0 && slice.logit_rows <= count &&
                blocks_for(slice.position + count) <= slice.block_table.size());
  std::uint64_t hash = first_hash;
  if (slice.position > 0) hash = hashes_.at(slice.block_table[(slice.position - 1) / block_tokens]);
  for (std::size_t i = 0; i < count; ++i) {
    hash = extend(hash, slice.tokens[i]);
    hashes_.at(slice.block_table[(slice.position + i) / block_tokens]) = hash;
    if (i + slice.logit_rows >= count) add_row(hash);
  }
}

void modelled_executor::add_row(std::uint64_t hash) {
  const auto vocab = bias_.size();
  const float* noise = noise_.data() + hash % vocab;
  const auto row = logits_.size();
  logits_.resize(row + vocab);
  for (std::size_t i = 0; i < vocab; ++i) logits_[row + i] = noise[i] + bias_[i];
  if (end_ < 0) return;
  // Another hash of the hash: which token comes next says nothing about whether one does.
  if (mix(hash ^ first_hash) % profile_.answer_tokens_mean == 0) {
    logits_[row + static_cast<std::size_t>(end_)] = end_logit;
  }
}

}  // namespace troupe::engine
