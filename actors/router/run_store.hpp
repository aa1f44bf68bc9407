// The chains themselves, without who holds them: runs in pages of 8 blocks, branches by hash.
//
// A run is an append-only segment of a chain. A chain that diverges in the middle of a run
// continues in a run of its own, found by the hash of its first block, so that neither a branch nor
// a hole splits a run. Each hash is stored once.
//
// Thread: confined to run_index. Units: blocks (one chunk hash each).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "actors/router/head_table.hpp"
#include "actors/router/routing_types.hpp"
#include "actors/router/short_list.hpp"
#include "actors/router/slab_pool.hpp"

namespace troupe::actors {

inline constexpr std::uint32_t page_blocks = 8;

struct alignas(64) hash_page {
  std::array<chunk_hash, page_blocks> hashes;
};

// Blocks [start, end) of a run that an engine holds.
struct interval {
  std::uint32_t slot;  // the engine
  std::uint32_t start;
  std::uint32_t end;
  std::uint32_t use;  // its place in the engine's order of use
};

// How many runs continue after the first `offset` blocks of a run.
struct branch {
  std::uint32_t offset;
  std::uint32_t count;
};

struct run {
  chunk_hash head = 0;
  std::uint32_t parent = no_slot;
  std::uint32_t offset = 0;  // blocks of the parent before this run
  std::uint32_t length = 0;
  short_list<std::uint32_t, 4> pages;
  short_list<interval, 1> holders;  // by slot, then start; disjoint
  short_list<branch, 2> branches;   // by offset
};

// One run on the way of a chain.
struct path_step {
  std::uint32_t run;
  std::uint32_t matched;  // blocks of the run that the chain shares; at least 1
};

class run_store {
 public:
  // Calls visit(step, blocks of the chain before it) for each run on the chain's way; returns how
  // many blocks of the chain are stored.
  template <class Visit>
  std::size_t walk(std::span<const chunk_hash> chain, Visit&& visit) const {
    std::size_t at = 0;
    while (at < chain.size()) {
      const auto id = heads_.find(chain[at]);
      if (id == no_slot) break;
      const auto matched = match(runs_[id], chain.subspan(at));
      visit(path_step{id, matched}, at);
      at += matched;
    }
    return at;
  }

  // Stores the rest of a chain behind the last step of its way; updates the way.
  void extend(std::vector<path_step>& way, std::span<const chunk_hash> rest);

  // Frees what no engine holds at the end of a run, and the run where nothing is left.
  void reclaim(std::uint32_t id);

  run& operator[](std::uint32_t id) { return runs_[id]; }
  const run& operator[](std::uint32_t id) const { return runs_[id]; }

  std::size_t block_count() const { return blocks_; }
  std::size_t run_count() const { return runs_.size(); }

  // Returns the memory of runs, pages and table, without lists too long to be kept in place.
  std::size_t memory_bytes() const;

 private:
  chunk_hash hash_at(const run& r, std::uint32_t block) const {
    return pages_[r.pages[block / page_blocks]].hashes[block % page_blocks];
  }
  std::uint32_t match(const run& r, std::span<const chunk_hash> chain) const;
  void append(run& r, std::span<const chunk_hash> blocks);
  void add_branch(run& parent, std::uint32_t offset);
  void drop_branch(run& parent, std::uint32_t offset);

  slab_pool<run> runs_;
  slab_pool<hash_page> pages_;
  head_table heads_;
  std::size_t blocks_ = 0;
};

}  // namespace troupe::actors
