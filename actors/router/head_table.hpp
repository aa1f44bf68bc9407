// Finds the run that starts with a given chain hash: open addressing in segments that grow alone.
//
// Bounds: a segment holds a 64th of the heads, so that no insert pays for rehashing them all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "actors/router/routing_types.hpp"
#include "actors/router/slab_pool.hpp"

namespace troupe::actors {

class head_table {
 public:
  // Returns the run that starts with this hash, or no_slot.
  std::uint32_t find(chunk_hash head) const;

  // Adds a run under a hash that is not in the table.
  void insert(chunk_hash head, std::uint32_t run);

  // Removes a hash that is in the table.
  void erase(chunk_hash head);

  std::size_t memory_bytes() const;

 private:
  struct segment {
    std::vector<chunk_hash> heads;  // 0: free
    std::vector<std::uint32_t> runs;
    std::size_t used = 0;

    std::size_t place_of(chunk_hash head) const;
    void grow();
  };

  static constexpr std::size_t segment_bits = 6;

  static chunk_hash key(chunk_hash head) { return head == 0 ? 1 : head; }
  static std::size_t segment_of(chunk_hash head) { return head >> (64 - segment_bits); }

  std::array<segment, 1 << segment_bits> segments_;
};

}  // namespace troupe::actors
