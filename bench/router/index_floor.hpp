// The floor to compare the index with: a hash map from chunk hash to a bit set of engines.
#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe::bench {

class index_floor {
 public:
  static constexpr std::size_t engines_max = 256;

  // Takes in that an engine holds a chain.
  void insert(std::uint32_t slot, std::span<const std::uint64_t> chain);

  // Sets by_slot[e] to how many blocks of the chain's start engine e holds.
  void match(std::span<const std::uint64_t> chain, std::vector<std::uint32_t>& by_slot) const;

 private:
  std::unordered_map<std::uint64_t, std::bitset<engines_max>> holders_;
};

}  // namespace troupe::bench
