#include "bench/router/index_floor.hpp"

namespace troupe::bench {

void index_floor::insert(std::uint32_t slot, std::span<const std::uint64_t> chain) {
  for (const auto hash : chain) holders_[hash].set(slot);
}

void index_floor::match(std::span<const std::uint64_t> chain,
                        std::vector<std::uint32_t>& by_slot) const {
  by_slot.assign(engines_max, 0);
  std::bitset<engines_max> still;
  still.set();
  std::uint32_t matched = 0;
  for (; matched < chain.size() && still.any(); ++matched) {
    const auto found = holders_.find(chain[matched]);
    const auto next = found == holders_.end() ? std::bitset<engines_max>{} : still & found->second;
    if (next == still) continue;
    const auto left = still & ~next;
    for (auto e = left._Find_first(); e < engines_max; e = left._Find_next(e)) by_slot[e] = matched;
    still = next;
  }
  for (auto e = still._Find_first(); e < engines_max; e = still._Find_next(e)) by_slot[e] = matched;
}

}  // namespace troupe::bench
