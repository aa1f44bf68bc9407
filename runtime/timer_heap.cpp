#include "runtime/timer_heap.hpp"

#include <algorithm>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe {

namespace {

constexpr std::size_t arity = 4;
constexpr std::size_t buckets_min = 64;

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0x9e37'79b9'7f4a'7c15ULL;
  return x ^ (x >> 29);
}

bool keyed(timer_kind kind) {
  return kind != timer_kind::message && kind != timer_kind::group_message;
}

}  // namespace

timer_heap::timer_heap() : by_key_(buckets_min, none), by_owner_(buckets_min, none) {}

std::optional<timer_entry> timer_heap::arm(timer_entry entry) {
  std::optional<timer_entry> replaced;
  if (entry.key.kind == timer_kind::ordinary) replaced = cancel(entry.key);
  if (free_.empty()) {
    free_.push_back(static_cast<slot_id>(slots_.size()));
    slots_.emplace_back();
    if (slots_.size() > by_key_.size()) grow_buckets();
  }
  const auto id = free_.back();
  free_.pop_back();
  slots_[id].entry = std::move(entry);
  link(id);
  heap_.push_back({slots_[id].entry.due, order_++, id});
  sift_up(heap_.size() - 1);
  return replaced;
}

std::optional<timer_entry> timer_heap::cancel(const timer_key& key) {
  const auto id = find(key);
  if (id == none) return std::nullopt;
  return remove(id);
}

void timer_heap::cancel_owner(const void* owner, std::vector<timer_entry>& out) {
  auto id = by_owner_[owner_bucket(owner)];
  while (id != none) {
    const auto next = slots_[id].next_by_owner;
    if (slots_[id].entry.key.owner == owner) out.push_back(remove(id));
    id = next;
  }
}

void timer_heap::pop_due(time_point now, std::size_t count, std::vector<timer_entry>& out) {
  for (; count > 0 && !heap_.empty() && heap_.front().due <= now; --count) {
    out.push_back(remove(heap_.front().slot));
  }
}

std::vector<timer_entry> timer_heap::clear() {
  std::vector<timer_entry> all;
  all.reserve(heap_.size());
  for (const auto& n : heap_) all.push_back(std::move(slots_[n.slot].entry));
  *this = timer_heap{};
  return all;
}

bool timer_heap::before(const node& x, const node& y) {
  return x.due != y.due ? x.due < y.due : x.order < y.order;
}

std::size_t timer_heap::key_bucket(const timer_key& key) const {
  const auto owner = reinterpret_cast<std::uintptr_t>(key.owner);
  const auto kind = static_cast<std::uint64_t>(key.kind);
  return mix(mix(owner + kind) + mix(key.a) + key.b) & (by_key_.size() - 1);
}

std::size_t timer_heap::owner_bucket(const void* owner) const {
  return mix(reinterpret_cast<std::uintptr_t>(owner)) & (by_owner_.size() - 1);
}

timer_heap::slot_id timer_heap::find(const timer_key& key) const {
  auto id = by_key_[key_bucket(key)];
  while (id != none && slots_[id].entry.key != key) id = slots_[id].next_by_key;
  return id;
}

void timer_heap::place(std::size_t at, const node& value) {
  heap_[at] = value;
  slots_[value.slot].place = static_cast<std::uint32_t>(at);
}

void timer_heap::sift_up(std::size_t at) {
  const auto value = heap_[at];
  while (at > 0) {
    const auto parent = (at - 1) / arity;
    if (!before(value, heap_[parent])) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, value);
}

void timer_heap::sift_down(std::size_t at) {
  const auto value = heap_[at];
  while (true) {
    const auto first = at * arity + 1;
    if (first >= heap_.size()) break;
    const auto last = std::min(first + arity, heap_.size());
    auto least = first;
    for (auto child = first + 1; child < last; ++child) {
      if (before(heap_[child], heap_[least])) least = child;
    }
    if (!before(heap_[least], value)) break;
    place(at, heap_[least]);
    at = least;
  }
  place(at, value);
}

void timer_heap::link(slot_id id) {
  auto& s = slots_[id];
  if (keyed(s.entry.key.kind)) {
    auto& head = by_key_[key_bucket(s.entry.key)];
    s.next_by_key = head;
    head = id;
  }
  auto& head = by_owner_[owner_bucket(s.entry.key.owner)];
  s.previous_by_owner = none;
  s.next_by_owner = head;
  if (head != none) slots_[head].previous_by_owner = id;
  head = id;
}

void timer_heap::unlink(slot_id id) {
  auto& s = slots_[id];
  if (keyed(s.entry.key.kind)) {
    auto* link = &by_key_[key_bucket(s.entry.key)];
    while (*link != id) link = &slots_[*link].next_by_key;
    *link = s.next_by_key;
  }
  auto& head = by_owner_[owner_bucket(s.entry.key.owner)];
  (s.previous_by_owner != none ? slots_[s.previous_by_owner].next_by_owner : head) =
      s.next_by_owner;
  if (s.next_by_owner != none) slots_[s.next_by_owner].previous_by_owner = s.previous_by_owner;
}

void timer_heap::grow_buckets() {
  const auto size = by_key_.size() * 2;
  by_key_.assign(size, none);
  by_owner_.assign(size, none);
  for (const auto& n : heap_) link(n.slot);
}

timer_entry timer_heap::remove(slot_id id) {
  const auto at = slots_[id].place;
  TROUPE_ASSERT(at < heap_.size() && heap_[at].slot == id);
  unlink(id);
  const auto last = heap_.back();
  heap_.pop_back();
  if (at < heap_.size()) {
    place(at, last);
    sift_up(at);
    sift_down(slots_[last.slot].place);
  }
  free_.push_back(id);
  return std::move(slots_[id].entry);
}

}  // namespace troupe
