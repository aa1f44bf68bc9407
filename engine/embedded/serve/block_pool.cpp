#include "engine/embedded/serve/block_pool.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <xxhash.h>

#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

block_key to_key(const XXH128_hash_t& hash) {
  return {hash.high64, hash.low64};
}

}  // namespace

block_key root_key(std::string_view fingerprint, std::string_view cache_salt) {
  const auto model = XXH3_128bits(fingerprint.data(), fingerprint.size());
  const auto salt = XXH3_128bits(cache_salt.data(), cache_salt.size());
  const std::array<std::uint64_t, 4> parts{model.high64, model.low64, salt.high64, salt.low64};
  return to_key(XXH3_128bits(parts.data(), sizeof parts));
}

block_key child_key(const block_key& parent, std::span<const std::int32_t> tokens) {
  TROUPE_ASSERT(tokens.size() == block_tokens);
  std::array<std::uint8_t, sizeof(block_key) + block_tokens * sizeof(std::int32_t)> bytes;
  std::memcpy(bytes.data(), &parent, sizeof parent);
  std::memcpy(bytes.data() + sizeof parent, tokens.data(), tokens.size_bytes());
  return to_key(XXH3_128bits(bytes.data(), bytes.size()));
}

block_pool::block_pool(std::uint32_t blocks, kv_observer* observer)
    : observer_{observer}, slots_(blocks), contents_(std::size_t{blocks} * block_tokens) {
  index_.reserve(blocks);
  for (block_id id = blocks; id-- > 0;) push_free(id);
}

std::span<std::int32_t> block_pool::content(block_id id) {
  return std::span{contents_}.subspan(std::size_t{id} * block_tokens, block_tokens);
}

bool block_pool::holds(block_id id, block_id parent, std::span<const std::int32_t> tokens) {
  return slots_[id].parent == parent && std::ranges::equal(content(id), tokens);
}

std::vector<block_id> block_pool::acquire_prefix(std::span<const block_key> keys,
                                                 std::span<const std::int32_t> tokens) {
  TROUPE_ASSERT(keys.size() * block_tokens <= tokens.size());
  std::vector<block_id> chain;
  block_id parent = none;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto found = index_.find(keys[i]);
    if (found == index_.end()) break;
    if (!holds(found->second, parent, tokens.subspan(i * block_tokens, block_tokens))) break;
    parent = found->second;
    reference(parent);
    chain.push_back(parent);
  }
  return chain;
}

void block_pool::count_query(std::uint64_t queried_tokens, std::uint64_t hit_tokens) {
  counters_.queried_tokens += queried_tokens;
  counters_.hit_tokens += hit_tokens;
}

std::optional<block_id> block_pool::allocate() {
  if (free_head_ == none) {
    if (idle_oldest_ == none) return std::nullopt;
    evict_oldest();
  }
  const auto id = free_head_;
  free_head_ = slots_[id].newer;
  --free_count_;
  slots_[id] = slot{};
  slots_[id].references = 1;
  return id;
}

void block_pool::evict_oldest() {
  const auto& key = slots_[idle_oldest_].key;
  if (observer_ != nullptr) observer_->on_removed({key.high, key.low});
  drop_oldest();
}

void block_pool::drop_oldest() {
  const auto evicted = idle_oldest_;
  unlink_idle(evicted);
  index_.erase(slots_[evicted].key);
  slots_[evicted].is_published = false;
  push_free(evicted);
}

void block_pool::forget_idle() {
  if (idle_count_ < published() || idle_oldest_ == none) {
    while (idle_oldest_ != none) evict_oldest();
    return;
  }
  while (idle_oldest_ != none) drop_oldest();
  if (observer_ != nullptr) observer_->on_cleared();
}

void block_pool::tell_stored(const full_block& block) const {
  std::optional<kv_hash> parent;
  if (block.parent) parent = kv_hash{slots_[*block.parent].key.high, slots_[*block.parent].key.low};
  observer_->on_stored({{block.key.high, block.key.low}, parent, block.tokens, block.cache_salt});
}

std::optional<block_id> block_pool::publish(const full_block& block) {
  auto& slot = slots_[block.id];
  TROUPE_ASSERT(slot.references == 1 && !slot.is_published);
  const auto parent = block.parent.value_or(none);
  TROUPE_ASSERT(parent == none || (slots_[parent].is_published && slots_[parent].references > 0));
  const auto [entry, is_new] = index_.try_emplace(block.key, block.id);
  if (is_new) {
    slot.key = block.key;
    slot.parent = parent;
    slot.is_published = true;
    std::ranges::copy(block.tokens, content(block.id).begin());
    if (observer_ != nullptr) tell_stored(block);
    return block.id;
  }
  if (!holds(entry->second, parent, block.tokens)) return std::nullopt;
  if (observer_ != nullptr) tell_stored(block);  // computed again, announced again, as vLLM does
  const auto twin = entry->second;
  reference(twin);
  unreference(block.id);
  return twin;
}

void block_pool::release(std::span<const block_id> chain) {
  for (std::size_t i = chain.size(); i-- > 0;) unreference(chain[i]);
}

void block_pool::reference(block_id id) {
  if (slots_[id].references++ == 0) unlink_idle(id);
}

void block_pool::unreference(block_id id) {
  TROUPE_ASSERT(slots_[id].references > 0);
  if (--slots_[id].references > 0) return;
  if (slots_[id].is_published) {
    push_idle(id);
  } else {
    push_free(id);
  }
}

void block_pool::push_free(block_id id) {
  slots_[id].newer = free_head_;
  free_head_ = id;
  ++free_count_;
}

void block_pool::push_idle(block_id id) {
  slots_[id].older = idle_newest_;
  slots_[id].newer = none;
  if (idle_newest_ != none) slots_[idle_newest_].newer = id;
  idle_newest_ = id;
  if (idle_oldest_ == none) idle_oldest_ = id;
  ++idle_count_;
}

void block_pool::unlink_idle(block_id id) {
  auto& slot = slots_[id];
  (slot.older == none ? idle_oldest_ : slots_[slot.older].newer) = slot.newer;
  (slot.newer == none ? idle_newest_ : slots_[slot.newer].older) = slot.older;
  slot.older = slot.newer = none;
  --idle_count_;
}

}  // namespace troupe::engine
