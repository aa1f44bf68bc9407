#include "engine/embedded/grammar/byte_automaton.hpp"

#include <algorithm>

namespace troupe::engine {

byte_automaton::byte_automaton() {
  nodes_.push_back({.what = kind::leave});
}

byte_automaton::node_id byte_automaton::reserve() {
  if (is_full()) return leave();
  nodes_.emplace_back();
  return static_cast<node_id>(nodes_.size() - 1);
}

void byte_automaton::define_consume(node_id id, std::span<const edge> edges) {
  if (id == leave()) return;  // full
  nodes_[id] = {.what = kind::consume,
                .a = static_cast<std::uint32_t>(edges_.size()),
                .b = static_cast<std::uint32_t>(edges.size())};
  edges_.insert(edges_.end(), edges.begin(), edges.end());
}

void byte_automaton::define_branch(node_id id, std::span<const node_id> targets) {
  if (id == leave()) return;  // full
  nodes_[id] = {.what = kind::branch,
                .a = static_cast<std::uint32_t>(targets_.size()),
                .b = static_cast<std::uint32_t>(targets.size())};
  targets_.insert(targets_.end(), targets.begin(), targets.end());
}

byte_automaton::node_id byte_automaton::consume(std::span<const edge> edges) {
  const auto id = reserve();
  define_consume(id, edges);
  return id;
}

byte_automaton::node_id byte_automaton::consume(std::uint8_t first, std::uint8_t last,
                                                node_id target) {
  const edge one{first, last, target};
  return consume({&one, 1});
}

byte_automaton::node_id byte_automaton::branch(std::span<const node_id> targets) {
  const auto id = reserve();
  define_branch(id, targets);
  return id;
}

byte_automaton::node_id byte_automaton::call(node_id entry, node_id next) {
  const auto id = reserve();
  if (id != leave()) nodes_[id] = {.what = kind::call, .a = entry, .b = next};
  return id;
}

byte_automaton::node_id byte_automaton::repeat(const repetition& r) {
  const auto id = reserve();
  if (id != leave()) nodes_[id] = {kind::repeat, r.body, r.next, r.count_min, r.count_max};
  return id;
}

byte_automaton::node_id byte_automaton::literal(std::string_view bytes, node_id next) {
  for (auto i = bytes.size(); i-- > 0;) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    next = consume(byte, byte, next);
  }
  return next;
}

std::uint32_t byte_automaton::height_now(const node& n) const {
  const auto inside = [&](node_id entry) {
    return heights_[entry] == endless ? endless : heights_[entry] + 1;
  };
  auto least = endless;
  switch (n.what) {
    case kind::leave:
      return 0;
    case kind::consume:
      for (const auto& e : edges(n)) least = std::min(least, heights_[e.target]);
      return least;
    case kind::branch:
      for (const auto target : targets(n)) least = std::min(least, heights_[target]);
      return least;
    case kind::call:
      return std::max(inside(n.a), heights_[n.b]);
    case kind::repeat:
      if (n.count_min == 0) return heights_[n.b];
      return n.count_max < n.count_min ? endless : std::max(inside(n.a), heights_[n.b]);
  }
  return endless;
}

// Least fixed point; targets mostly come before their users, so few rounds are needed.
void byte_automaton::finish() {
  heights_.assign(nodes_.size(), endless);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto height = height_now(nodes_[i]);
      if (height < heights_[i]) {
        heights_[i] = height;
        changed = true;
      }
    }
  }
}

}  // namespace troupe::engine
