// Which engine holds how much of a prompt's start: the prefix index, in its approximate mode.
//
// It learns from our own routing. Per run a short list of {engine, start, end}: an interior hole is
// a second interval, exact and cheap. Each engine's blocks are kept in order of use, as the
// engine's own cache keeps them, and leave from the leaves when it is full. A dead engine is one
// bit; its intervals are swept later, in slices.
//
// Exact mode adds a table from an engine's block hashes to (run, block) and calls what is here.
//
// Thread: confined to the router. Units: blocks; ticks are the caller's clock, never going back.
// Bounds: blocks_max over all engines, the least recently used go first; per engine its capacity.
// Source: RunIndex of the prefix-index measurements, docs/design.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "actors/router/run_store.hpp"
#include "actors/router/slab_pool.hpp"

namespace troupe::actors {

class run_index {
 public:
  explicit run_index(std::size_t blocks_max);

  // Makes an empty engine of a slot that is free; slots are small numbers.
  void add_engine(std::uint32_t slot);

  // Forgets what an engine holds: at once for match, slice by slice for memory.
  void remove_engine(std::uint32_t slot);

  // Says whether a slot may be added: never used, or swept.
  bool is_free(std::uint32_t slot) const;

  // Says whether insert may be called: added and not removed.
  bool is_alive(std::uint32_t slot) const;

  // Sets how many blocks the engine's own cache holds; 0: not known.
  void set_capacity(std::uint32_t slot, std::size_t blocks);

  // Sets by_slot[e] to how many blocks of the chain's start engine e holds.
  void match(std::span<const chunk_hash> chain, std::vector<std::uint32_t>& by_slot) const;

  // Takes in that an engine holds a chain, used now; evicts what no longer fits.
  void insert(std::uint32_t slot, std::span<const chunk_hash> chain, std::uint32_t tick);

  // Takes in that an engine lost blocks [first, last) of a chain.
  void remove(std::uint32_t slot, std::span<const chunk_hash> chain, std::size_t first,
              std::size_t last);

  // Drops intervals last used before a tick, at most so many; returns how many blocks that were.
  std::size_t expire(std::uint32_t before_tick, std::size_t intervals_max);

  // Frees at most so many intervals of removed engines; returns whether none is left.
  bool sweep(std::size_t intervals_max);

  // Returns the blocks held by live engines, each holder counted.
  std::size_t block_count() const { return blocks_; }
  std::size_t block_count(std::uint32_t slot) const { return engines_[slot].blocks; }

  // Returns how many blocks an engine would lose to take in so many more.
  std::size_t displaced_by(std::uint32_t slot, std::size_t more) const;

  // Returns the blocks stored, each counted once.
  std::size_t stored_block_count() const { return store_.block_count(); }

  // Returns the memory of everything but lists too long to be kept in place.
  std::size_t memory_bytes() const;

 private:
  // An interval's place in its engine's order of use.
  struct use_node {
    std::uint32_t newer = no_slot;
    std::uint32_t older = no_slot;
    std::uint32_t run = no_slot;
    std::uint32_t tick = 0;
  };

  struct engine_blocks {
    bool alive = false;
    std::uint32_t newest = no_slot;
    std::uint32_t oldest = no_slot;
    std::size_t blocks = 0;
    std::size_t capacity = 0;
  };

  void claim(std::uint32_t slot, path_step step, std::uint32_t tick);
  void subtract(std::uint32_t slot, std::uint32_t run_id, std::uint32_t first, std::uint32_t last);
  std::size_t evict(std::uint32_t slot, std::size_t blocks_max);
  void fit(std::uint32_t slot);
  std::uint32_t slot_of_oldest() const;
  void count_off(std::uint32_t slot, std::size_t blocks);

  std::uint32_t add_newest(std::uint32_t slot, use_node node);
  std::uint32_t add_older_than(std::uint32_t slot, std::uint32_t newer);
  void unlink(std::uint32_t slot, std::uint32_t node);

  run_store store_;
  slab_pool<use_node> uses_;
  std::vector<engine_blocks> engines_;  // by slot
  std::vector<std::uint32_t> dying_;    // removed, not yet swept
  std::size_t blocks_max_;
  std::size_t blocks_ = 0;
  std::vector<path_step> way_;  // of the chain at hand
};

}  // namespace troupe::actors
