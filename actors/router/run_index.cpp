#include "actors/router/run_index.hpp"

#include <algorithm>

#include "runtime/assert.hpp"

namespace troupe::actors {
namespace {

// First interval of a slot among a run's holders, or where it would go.
interval* first_of(run& r, std::uint32_t slot) {
  return std::partition_point(r.holders.begin(), r.holders.end(),
                              [slot](const interval& i) { return i.slot < slot; });
}

}  // namespace

run_index::run_index(std::size_t blocks_max) : blocks_max_{blocks_max} {}

void run_index::add_engine(std::uint32_t slot) {
  if (slot >= engines_.size()) engines_.resize(slot + 1);
  TROUPE_ASSERT(is_free(slot));
  engines_[slot] = engine_blocks{};
  engines_[slot].alive = true;
}

void run_index::remove_engine(std::uint32_t slot) {
  auto& engine = engines_[slot];
  TROUPE_ASSERT(engine.alive);
  engine.alive = false;
  blocks_ -= engine.blocks;
  engine.blocks = 0;
  if (engine.oldest != no_slot) dying_.push_back(slot);
}

bool run_index::is_free(std::uint32_t slot) const {
  if (slot >= engines_.size()) return true;
  return !engines_[slot].alive && engines_[slot].oldest == no_slot;
}

bool run_index::is_alive(std::uint32_t slot) const {
  return slot < engines_.size() && engines_[slot].alive;
}

void run_index::set_capacity(std::uint32_t slot, std::size_t blocks) {
  engines_[slot].capacity = blocks;
  fit(slot);
}

void run_index::match(std::span<const chunk_hash> chain,
                      std::vector<std::uint32_t>& by_slot) const {
  by_slot.assign(engines_.size(), 0);
  store_.walk(chain, [&](path_step step, std::size_t at) {
    for (const auto& held : store_[step.run].holders) {
      // Sorted by start, so a chain of adjoining intervals adds up; behind a hole nothing does.
      if (held.start >= step.matched || by_slot[held.slot] != at + held.start) continue;
      if (!engines_[held.slot].alive) continue;
      by_slot[held.slot] = static_cast<std::uint32_t>(at + std::min(held.end, step.matched));
    }
  });
}

void run_index::insert(std::uint32_t slot, std::span<const chunk_hash> chain, std::uint32_t tick) {
  TROUPE_ASSERT(engines_[slot].alive);
  way_.clear();
  const auto stored =
      store_.walk(chain, [this](path_step step, std::size_t) { way_.push_back(step); });
  store_.extend(way_, chain.subspan(stored));
  // Deepest first, so that of one prompt the leaves are the first to leave again.
  for (auto step = way_.rbegin(); step != way_.rend(); ++step) claim(slot, *step, tick);
  fit(slot);
}

// Makes blocks [0, matched) of a run one interval of the engine, its most recently used.
void run_index::claim(std::uint32_t slot, path_step step, std::uint32_t tick) {
  auto& r = store_[step.run];
  auto* at = first_of(r, slot);
  std::size_t held = 0;
  while (at != r.holders.end() && at->slot == slot && at->end <= step.matched) {
    held += at->end - at->start;
    unlink(slot, at->use);
    const auto index = at - r.holders.begin();
    r.holders.erase(at);
    at = r.holders.begin() + index;
  }
  if (at != r.holders.end() && at->slot == slot && at->start < step.matched) {
    held += step.matched - at->start;
    at->start = step.matched;  // its tail was not used now and keeps its age
  }
  const auto use = add_newest(slot, {.run = step.run, .tick = tick});
  r.holders.insert(at, {slot, 0, step.matched, use});
  engines_[slot].blocks += step.matched - held;
  blocks_ += step.matched - held;
}

void run_index::remove(std::uint32_t slot, std::span<const chunk_hash> chain, std::size_t first,
                       std::size_t last) {
  way_.clear();
  store_.walk(chain, [this](path_step step, std::size_t) { way_.push_back(step); });
  std::size_t at = 0;
  // Parents first: a child that goes may take a parent along that nobody holds any more.
  for (const auto step : way_) {
    const auto end = at + step.matched;
    if (first < end && last > at) {
      subtract(slot, step.run, static_cast<std::uint32_t>(std::max(first, at) - at),
               static_cast<std::uint32_t>(std::min(last, end) - at));
    }
    at = end;
  }
}

// Takes blocks [first, last) of a run away from an engine.
void run_index::subtract(std::uint32_t slot, std::uint32_t run_id, std::uint32_t first,
                         std::uint32_t last) {
  auto& r = store_[run_id];
  auto index = first_of(r, slot) - r.holders.begin();
  while (index < r.holders.size() && r.holders[index].slot == slot) {
    auto& held = r.holders[index];
    const auto from = std::max(held.start, first);
    const auto to = std::min(held.end, last);
    if (from >= to) {
      ++index;
      continue;
    }
    count_off(slot, to - from);
    const interval before{slot, held.start, from, held.use};
    interval after{slot, to, held.end, held.use};
    if (before.start < before.end) {
      held = before;
      ++index;
      if (after.start == after.end) continue;
      after.use = add_older_than(slot, before.use);
      r.holders.insert(r.holders.begin() + index, after);
    } else if (after.start < after.end) {
      held = after;
    } else {
      unlink(slot, held.use);
      r.holders.erase(&held);
    }
  }
  store_.reclaim(run_id);
}

// Drops blocks from the end of the engine's least recently used interval; returns how many.
std::size_t run_index::evict(std::uint32_t slot, std::size_t blocks_max) {
  const auto use = engines_[slot].oldest;
  const auto run_id = uses_[use].run;
  auto& r = store_[run_id];
  auto* at = first_of(r, slot);
  while (at->use != use) ++at;
  const auto dropped =
      static_cast<std::uint32_t>(std::min<std::size_t>(blocks_max, at->end - at->start));
  at->end -= dropped;
  if (at->start == at->end) {
    unlink(slot, use);
    r.holders.erase(at);
  }
  if (engines_[slot].alive) count_off(slot, dropped);
  store_.reclaim(run_id);
  return dropped;
}

void run_index::fit(std::uint32_t slot) {
  const auto& engine = engines_[slot];
  while (engine.capacity != 0 && engine.blocks > engine.capacity) {
    evict(slot, engine.blocks - engine.capacity);
  }
  while (blocks_ > blocks_max_) evict(slot_of_oldest(), blocks_ - blocks_max_);
}

// The live engine whose least recently used interval is the oldest; one that holds something.
std::uint32_t run_index::slot_of_oldest() const {
  auto found = no_slot;
  for (std::uint32_t slot = 0; slot < engines_.size(); ++slot) {
    if (!engines_[slot].alive || engines_[slot].oldest == no_slot) continue;
    if (found == no_slot ||
        uses_[engines_[slot].oldest].tick < uses_[engines_[found].oldest].tick) {
      found = slot;
    }
  }
  TROUPE_ASSERT(found != no_slot);
  return found;
}

std::size_t run_index::expire(std::uint32_t before_tick, std::size_t intervals_max) {
  std::size_t dropped = 0;
  for (std::uint32_t slot = 0; slot < engines_.size(); ++slot) {
    const auto& engine = engines_[slot];
    while (engine.alive && engine.oldest != no_slot && intervals_max != 0 &&
           uses_[engine.oldest].tick < before_tick) {
      dropped += evict(slot, SIZE_MAX);
      --intervals_max;
    }
  }
  return dropped;
}

bool run_index::sweep(std::size_t intervals_max) {
  while (!dying_.empty() && intervals_max != 0) {
    evict(dying_.back(), SIZE_MAX);
    --intervals_max;
    if (engines_[dying_.back()].oldest == no_slot) dying_.pop_back();
  }
  return dying_.empty();
}

void run_index::count_off(std::uint32_t slot, std::size_t blocks) {
  engines_[slot].blocks -= blocks;
  blocks_ -= blocks;
}

std::uint32_t run_index::add_newest(std::uint32_t slot, use_node node) {
  auto& engine = engines_[slot];
  const auto id = uses_.add();
  node.older = engine.newest;
  uses_[id] = node;
  (node.older == no_slot ? engine.oldest : uses_[node.older].newer) = id;
  engine.newest = id;
  return id;
}

std::uint32_t run_index::add_older_than(std::uint32_t slot, std::uint32_t newer) {
  const auto id = uses_.add();
  auto node = uses_[newer];
  node.newer = newer;
  uses_[id] = node;
  (node.older == no_slot ? engines_[slot].oldest : uses_[node.older].newer) = id;
  uses_[newer].older = id;
  return id;
}

void run_index::unlink(std::uint32_t slot, std::uint32_t id) {
  auto& engine = engines_[slot];
  const auto node = uses_[id];
  (node.newer == no_slot ? engine.newest : uses_[node.newer].older) = node.older;
  (node.older == no_slot ? engine.oldest : uses_[node.older].newer) = node.newer;
  uses_.remove(id);
}

std::size_t run_index::displaced_by(std::uint32_t slot, std::size_t more) const {
  const auto& engine = engines_[slot];
  if (engine.capacity == 0 || engine.blocks + more <= engine.capacity) return 0;
  return std::min(engine.blocks, engine.blocks + more - engine.capacity);
}

std::size_t run_index::memory_bytes() const {
  return store_.memory_bytes() + uses_.memory_bytes() + engines_.capacity() * sizeof(engine_blocks);
}

}  // namespace troupe::actors
