#include "actors/router/head_table.hpp"

#include "runtime/assert.hpp"

namespace troupe::actors {

// Returns where the hash is, or the free place where it would go; only of a table with free places.
std::size_t head_table::segment::place_of(chunk_hash head) const {
  const auto mask = heads.size() - 1;
  auto place = static_cast<std::size_t>(head) & mask;
  while (heads[place] != 0 && heads[place] != head) place = (place + 1) & mask;
  return place;
}

void head_table::segment::grow() {
  segment larger;
  larger.heads.resize(heads.empty() ? 16 : heads.size() * 2);
  larger.runs.resize(larger.heads.size());
  larger.used = used;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    if (heads[i] == 0) continue;
    const auto place = larger.place_of(heads[i]);
    larger.heads[place] = heads[i];
    larger.runs[place] = runs[i];
  }
  *this = std::move(larger);
}

std::uint32_t head_table::find(chunk_hash head) const {
  head = key(head);
  const auto& in = segments_[segment_of(head)];
  if (in.heads.empty()) return no_slot;
  const auto place = in.place_of(head);
  return in.heads[place] == 0 ? no_slot : in.runs[place];
}

void head_table::insert(chunk_hash head, std::uint32_t run) {
  head = key(head);
  auto& in = segments_[segment_of(head)];
  if ((in.used + 1) * 10 > in.heads.size() * 7) in.grow();
  const auto place = in.place_of(head);
  TROUPE_ASSERT(in.heads[place] == 0);
  in.heads[place] = head;
  in.runs[place] = run;
  ++in.used;
}

void head_table::erase(chunk_hash head) {
  head = key(head);
  auto& in = segments_[segment_of(head)];
  TROUPE_ASSERT(!in.heads.empty());
  const auto mask = in.heads.size() - 1;
  auto hole = in.place_of(head);
  TROUPE_ASSERT(in.heads[hole] == head);
  // Moves later entries of the probe sequence back, so that no tombstones pile up.
  for (auto next = (hole + 1) & mask; in.heads[next] != 0; next = (next + 1) & mask) {
    const auto home = static_cast<std::size_t>(in.heads[next]) & mask;
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    in.heads[hole] = in.heads[next];
    in.runs[hole] = in.runs[next];
    hole = next;
  }
  in.heads[hole] = 0;
  --in.used;
}

std::size_t head_table::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& in : segments_) {
    bytes += in.heads.capacity() * sizeof(chunk_hash) + in.runs.capacity() * sizeof(std::uint32_t);
  }
  return bytes;
}

}  // namespace troupe::actors
