// Who owns which KV block: reference counts, free list and automatic prefix caching.
//
// A full block is published under a key chained over all tokens before it. Sequences that start
// with the same tokens share it, and it stays findable after its last user left, until its memory
// is needed. A published block's tokens and parent are compared as well as its key, so a hash
// collision costs a cache miss and can never serve somebody else's KV.
//
// Invariant: who references a published block references its whole chain. So a parent is let go
// after its children, and evicting in order of release takes leaves before their parents.
//
// Thread: one caller at a time. Every operation costs O(1) per block named in it.
// Units: counters count tokens, as vLLM's do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/embedded/events/kv_observer.hpp"

namespace troupe::engine {

using block_id = std::uint32_t;

constexpr std::uint32_t block_tokens = 16;

// Number of blocks that hold so many tokens.
constexpr std::uint64_t blocks_for(std::uint64_t tokens) {
  return (tokens + block_tokens - 1) / block_tokens;
}

// Hash of a block's tokens and of all before them, the model and the salt included.
struct block_key {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const block_key&, const block_key&) = default;
};

// Returns the key before the first block: model fingerprint and cache salt.
block_key root_key(std::string_view fingerprint, std::string_view cache_salt);

// Returns the key of the block of exactly block_tokens tokens that follows `parent`.
block_key child_key(const block_key& parent, std::span<const std::int32_t> tokens);

class block_pool {
 public:
  struct counters {
    std::uint64_t queried_tokens = 0;
    std::uint64_t hit_tokens = 0;
  };

  // A full block to publish: its place in the chain and its content.
  struct full_block {
    block_id id;
    block_key key;
    std::optional<block_id> parent;  // none: first of its chain
    std::span<const std::int32_t> tokens;
    std::string_view cache_salt = {};  // of the first of its chain; for the observer only
  };

  // `observer`: told what enters and leaves the cache; none: nobody.
  explicit block_pool(std::uint32_t blocks, kv_observer* observer = nullptr);

  // Takes a reference on each block of the longest published chain that starts with `keys`, whose
  // block i holds tokens [i * block_tokens, (i + 1) * block_tokens).
  std::vector<block_id> acquire_prefix(std::span<const block_key> keys,
                                       std::span<const std::int32_t> tokens);

  // Counts a look-up of so many tokens of which so many were found.
  void count_query(std::uint64_t queried_tokens, std::uint64_t hit_tokens);

  // Returns a private block with one reference, evicting the least recently used published one if
  // none is free; nothing when all are referenced.
  std::optional<block_id> allocate();

  // Makes a private block findable and returns the block its owner uses from now on: the same one,
  // or the one that already holds this content (the private one is freed then). Returns nothing,
  // and changes nothing, when another content holds the key: the chain cannot be published further.
  std::optional<block_id> publish(const full_block& block);

  // Drops one reference on each block of a chain, given in chain order.
  void release(std::span<const block_id> chain);

  // Forgets every published block that nobody references.
  void forget_idle();

  std::uint32_t blocks() const { return static_cast<std::uint32_t>(slots_.size()); }

  // Blocks that allocate can still hand out: free ones and unreferenced published ones.
  std::uint32_t available() const { return free_count_ + idle_count_; }

  // Blocks that some sequence references.
  std::uint32_t referenced() const { return blocks() - available(); }

  // Published blocks, referenced or not.
  std::size_t published() const { return index_.size(); }

  const counters& prefix_counters() const { return counters_; }

 private:
  static constexpr block_id none = ~block_id{0};

  struct slot {
    block_key key;
    block_id parent = none;
    std::uint32_t references = 0;
    bool is_published = false;
    block_id older = none;  // neighbours among the idle; `newer` also links the free list
    block_id newer = none;
  };

  struct key_hash {
    std::size_t operator()(const block_key& key) const { return key.low; }
  };

  std::span<std::int32_t> content(block_id id);
  bool holds(block_id id, block_id parent, std::span<const std::int32_t> tokens);
  void reference(block_id id);
  void unreference(block_id id);
  void evict_oldest();
  void drop_oldest();
  void tell_stored(const full_block& block) const;
  void push_free(block_id id);
  void push_idle(block_id id);
  void unlink_idle(block_id id);

  kv_observer* observer_;
  std::vector<slot> slots_;
  std::vector<std::int32_t> contents_;  // [block][token]
  std::unordered_map<block_key, block_id, key_hash> index_;
  block_id free_head_ = none;
  block_id idle_oldest_ = none;
  block_id idle_newest_ = none;
  std::uint32_t free_count_ = 0;
  std::uint32_t idle_count_ = 0;
  counters counters_;
};

}  // namespace troupe::engine
