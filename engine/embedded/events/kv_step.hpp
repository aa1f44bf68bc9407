// What one engine step did to the prefix cache, packed so that noting it costs the engine thread
// little; and its way into vLLM's events.
//
// Shapes: hashes and tokens lie one change after the other, tokens [block][block_size].
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/embedded/events/kv_observer.hpp"
#include "transport/zmq/kv_event.hpp"

namespace troupe::engine {

struct kv_change {
  enum class kind : std::uint8_t { stored, reused, removed, cleared };

  kind what = kind::stored;
  std::uint32_t blocks = 0;       // stored, reused, removed
  std::optional<kv_hash> parent;  // of the first block; stored, reused
  std::string cache_salt;         // of the first block
};

struct kv_step {
  double unix_s = 0;
  std::vector<kv_change> changes;
  std::vector<kv_hash> hashes;
  std::vector<std::int32_t> tokens;

  bool empty() const { return changes.empty(); }
};

// How hashes are announced: as numbers, or as 32 bytes whose last eight are that number.
enum class kv_hash_form { numbers, bytes };

// Returns the step as vLLM's events: chains in one event, removals one by one.
transport::zmq::kv_event_batch to_event_batch(const kv_step& step, std::uint32_t block_size,
                                              kv_hash_form form);

}  // namespace troupe::engine
