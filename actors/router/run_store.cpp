#include "actors/router/run_store.hpp"

#include <algorithm>

#include "runtime/assert.hpp"

namespace troupe::actors {

std::uint32_t run_store::match(const run& r, std::span<const chunk_hash> chain) const {
  const auto window = static_cast<std::uint32_t>(std::min<std::size_t>(r.length, chain.size()));
  // Each hash stands for all blocks before it: one compare decides, and once chains differ they
  // differ for good, so the place of divergence can be bisected.
  if (hash_at(r, window - 1) == chain[window - 1]) return window;
  std::uint32_t same = 1;
  std::uint32_t differs = window;
  while (differs - same > 1) {
    const auto middle = same + (differs - same) / 2;
    (hash_at(r, middle - 1) == chain[middle - 1] ? same : differs) = middle;
  }
  return same;
}

void run_store::append(run& r, std::span<const chunk_hash> blocks) {
  for (const auto hash : blocks) {
    if (r.length % page_blocks == 0) r.pages.push_back(pages_.add());
    pages_[r.pages.back()].hashes[r.length % page_blocks] = hash;
    ++r.length;
  }
  blocks_ += blocks.size();
}

void run_store::extend(std::vector<path_step>& way, std::span<const chunk_hash> rest) {
  if (rest.empty()) return;
  const auto added = static_cast<std::uint32_t>(rest.size());
  if (!way.empty() && way.back().matched == runs_[way.back().run].length) {
    append(runs_[way.back().run], rest);
    way.back().matched += added;
    return;
  }
  const auto id = runs_.add();
  auto& fresh = runs_[id];
  fresh.head = rest.front();
  if (!way.empty()) {
    fresh.parent = way.back().run;
    fresh.offset = way.back().matched;
    add_branch(runs_[fresh.parent], fresh.offset);
  }
  heads_.insert(fresh.head, id);
  append(fresh, rest);
  way.push_back({id, added});
}

void run_store::add_branch(run& parent, std::uint32_t offset) {
  auto& branches = parent.branches;
  const auto at = std::lower_bound(branches.begin(), branches.end(), offset,
                                   [](const branch& b, std::uint32_t o) { return b.offset < o; });
  if (at != branches.end() && at->offset == offset) {
    ++at->count;
  } else {
    branches.insert(at, {offset, 1});
  }
}

void run_store::drop_branch(run& parent, std::uint32_t offset) {
  auto& branches = parent.branches;
  const auto at = std::lower_bound(branches.begin(), branches.end(), offset,
                                   [](const branch& b, std::uint32_t o) { return b.offset < o; });
  TROUPE_ASSERT(at != branches.end() && at->offset == offset);
  if (--at->count == 0) branches.erase(at);
}

void run_store::reclaim(std::uint32_t id) {
  while (id != no_slot) {
    auto& r = runs_[id];
    std::uint32_t keep = r.branches.empty() ? 0 : r.branches.back().offset;
    for (const auto& held : r.holders) keep = std::max(keep, held.end);
    if (keep == r.length) return;
    blocks_ -= r.length - keep;
    r.length = keep;
    for (auto pages = (keep + page_blocks - 1) / page_blocks; r.pages.size() > pages;) {
      pages_.remove(r.pages.back());
      r.pages.pop_back();
    }
    if (keep != 0) return;
    heads_.erase(r.head);
    const auto parent = r.parent;
    if (parent != no_slot) drop_branch(runs_[parent], r.offset);
    runs_.remove(id);
    id = parent;
  }
}

std::size_t run_store::memory_bytes() const {
  return runs_.memory_bytes() + pages_.memory_bytes() + heads_.memory_bytes();
}

}  // namespace troupe::actors
