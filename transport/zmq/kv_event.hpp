// What an engine says about its KV cache: vLLM's KV events as plain values.
//
// Only what every publisher sends is mandatory; vLLM, its older releases and Dynamo's mocker leave
// out different fields of the rest. Engine hashes are opaque handles that tie a block to its parent
// and to its removal: who indexes blocks hashes the tokens itself.
// Units: token counts.
// Source: vLLM 0.32, distributed/kv_events.py, and captures in tests/transport/zmq/captures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::transport::zmq {

// An engine's name for a block: a number, or bytes (32 for SHA-256) where `bytes` is not empty.
struct block_hash {
  std::uint64_t number = 0;
  std::string bytes;

  friend bool operator==(const block_hash&, const block_hash&) = default;
};

// What else than tokens tells a block from others: a LoRA name, a cache salt, or an image and the
// position of its first token in the block.
struct extra_key {
  std::string text;
  std::optional<std::int64_t> offset;

  friend bool operator==(const extra_key&, const extra_key&) = default;
};

// Blocks now in the cache, one chain: each is the parent of the next. The same block may be
// announced any number of times.
struct block_stored {
  std::vector<block_hash> hashes;
  std::optional<block_hash> parent;      // of the first; none: it begins a prompt
  std::vector<std::uint32_t> token_ids;  // the mocker invents ids beyond 2^31
  std::uint32_t block_size = 0;
  std::optional<std::int64_t> lora_id;
  std::optional<std::string> medium;  // GPU, CPU, STORAGE
  std::optional<std::string> lora_name;
  std::vector<std::vector<extra_key>> extra_keys;  // one list a block, or none at all
  std::optional<std::int64_t> group_idx;           // of hybrid models
  std::optional<std::string> spec_kind;            // kind of that group

  friend bool operator==(const block_stored&, const block_stored&) = default;
};

// Blocks no longer in the cache.
struct block_removed {
  std::vector<block_hash> hashes;
  std::optional<std::string> medium;
  std::optional<std::int64_t> group_idx;

  friend bool operator==(const block_removed&, const block_removed&) = default;
};

// The cache is empty.
struct all_blocks_cleared {
  friend bool operator==(const all_blocks_cleared&, const all_blocks_cleared&) = default;
};

using kv_event = std::variant<block_stored, block_removed, all_blocks_cleared>;

// What one message holds: the events of one engine step, in order.
struct kv_event_batch {
  double unix_s = 0;
  std::vector<kv_event> events;
  std::optional<std::int64_t> dp_rank;
  std::uint32_t unknown_events = 0;  // of a type we do not know, left out

  friend bool operator==(const kv_event_batch&, const kv_event_batch&) = default;
};

}  // namespace troupe::transport::zmq
