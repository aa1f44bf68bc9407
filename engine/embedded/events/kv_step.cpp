#include "engine/embedded/events/kv_step.hpp"

#include <xxhash.h>

#include "runtime/assert.hpp"
#include "transport/zmq/message_socket.hpp"

namespace troupe::engine {

namespace {

using namespace transport::zmq;

// vLLM's word for the memory its engine computes in, on a CPU too.
constexpr const char* engine_medium = "GPU";

block_hash announced(const kv_hash& hash, kv_hash_form form) {
  if (form == kv_hash_form::numbers) return {hash.low, {}};
  const auto more = XXH3_128bits(&hash, sizeof hash);
  return {0, sequence_frame(more.high64) + sequence_frame(more.low64) + sequence_frame(hash.high) +
                 sequence_frame(hash.low)};
}

// Walks the packed hashes and tokens of a step.
class step_unpacker {
 public:
  step_unpacker(const kv_step& step, std::uint32_t block_size, kv_hash_form form)
      : step_{step}, block_size_{block_size}, form_{form} {}

  void append(const kv_change& change, std::vector<kv_event>& events) {
    switch (change.what) {
      case kv_change::kind::stored:
      case kv_change::kind::reused:
        events.emplace_back(stored(change));
        return;
      case kv_change::kind::removed:
        for (std::uint32_t i = 0; i < change.blocks; ++i) events.emplace_back(removed());
        return;
      case kv_change::kind::cleared:
        events.emplace_back(all_blocks_cleared{});
        return;
    }
  }

 private:
  block_stored stored(const kv_change& change) {
    block_stored event;
    event.hashes.reserve(change.blocks);
    for (std::uint32_t i = 0; i < change.blocks; ++i) event.hashes.push_back(next_hash());
    if (change.parent) event.parent = announced(*change.parent, form_);
    const auto count = std::size_t{change.blocks} * block_size_;
    TROUPE_ASSERT(token_ + count <= step_.tokens.size());
    const auto begin = step_.tokens.begin() + static_cast<std::ptrdiff_t>(token_);
    event.token_ids.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    token_ += count;
    event.block_size = block_size_;
    event.medium = engine_medium;
    event.extra_keys.resize(change.blocks);
    if (!change.cache_salt.empty()) event.extra_keys[0] = {{change.cache_salt, std::nullopt}};
    event.group_idx = 0;
    event.spec_kind = "full_attention";
    return event;
  }

  block_removed removed() {
    block_removed event;
    event.hashes.push_back(next_hash());
    event.medium = engine_medium;
    event.group_idx = 0;
    return event;
  }

  block_hash next_hash() {
    TROUPE_ASSERT(hash_ < step_.hashes.size());
    return announced(step_.hashes[hash_++], form_);
  }

  const kv_step& step_;
  std::uint32_t block_size_;
  kv_hash_form form_;
  std::size_t hash_ = 0;
  std::size_t token_ = 0;
};

}  // namespace

kv_event_batch to_event_batch(const kv_step& step, std::uint32_t block_size, kv_hash_form form) {
  kv_event_batch batch;
  batch.unix_s = step.unix_s;
  batch.dp_rank = 0;
  step_unpacker unpack{step, block_size, form};
  for (const auto& change : step.changes) unpack.append(change, batch.events);
  return batch;
}

}  // namespace troupe::engine
