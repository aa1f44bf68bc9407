// Who wants to know what enters and leaves the prefix cache.
//
// Thread: all calls come on the engine thread, in the order in which the cache changes; they must
// not block.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace troupe::engine {

// Hash of a block's tokens and of everything before them.
struct kv_hash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const kv_hash&, const kv_hash&) = default;
};

// A full block that can be found by its hash from now on.
struct kv_stored_block {
  kv_hash hash;
  std::optional<kv_hash> parent;  // none: first of its prompt
  std::span<const std::int32_t> tokens;
  std::string_view cache_salt;  // of the first of its prompt; others carry it through the parent
};

class kv_observer {
 public:
  virtual ~kv_observer() = default;

  // A block entered the cache, or its content was computed again and another copy exists already.
  virtual void on_stored(const kv_stored_block& block) = 0;

  // A request found a block in the cache; called for its whole prefix, in order.
  virtual void on_reused(const kv_stored_block& block) = 0;

  // A block left the cache.
  virtual void on_removed(const kv_hash& hash) = 0;

  // Every block left the cache.
  virtual void on_cleared() = 0;

  // An engine step ended.
  virtual void on_step_end() = 0;
};

}  // namespace troupe::engine
