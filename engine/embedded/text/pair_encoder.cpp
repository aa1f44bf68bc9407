#include "engine/embedded/text/pair_encoder.hpp"

#include <algorithm>

namespace troupe::engine {

namespace {

constexpr std::size_t short_word_bytes_max = 32;

}  // namespace

void pair_encoder::encode(std::string_view word, std::vector<token_id>& out) {
  ids_.clear();
  for (const char c : word) {
    const auto id = tokens_.byte_token(static_cast<std::uint8_t>(c));
    if (id >= 0) ids_.push_back(id);
  }
  if (ids_.size() > short_word_bytes_max) {
    merge_long();
  } else if (ids_.size() > 1) {
    merge_short();
  }
  out.insert(out.end(), ids_.begin(), ids_.end());
}

void pair_encoder::merge_short() {
  auto count = ids_.size();
  rules_.resize(count);
  for (std::size_t i = 0; i + 1 < count; ++i) rules_[i] = merges_.find(ids_[i], ids_[i + 1]);
  rules_[count - 1] = {};
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (rules_[i].rank < rules_[best].rank) best = i;
    }
    if (rules_[best].rank == no_merge) break;
    ids_[best] = rules_[best].result;
    for (auto i = best + 1; i + 1 < count; ++i) {
      ids_[i] = ids_[i + 1];
      rules_[i] = rules_[i + 1];
    }
    --count;
    rules_[best] = best + 1 < count ? merges_.find(ids_[best], ids_[best + 1]) : merge_rule{};
    if (best > 0) rules_[best - 1] = merges_.find(ids_[best - 1], ids_[best]);
  }
  ids_.resize(count);
}

void pair_encoder::merge_long() {
  const auto count = static_cast<std::int32_t>(ids_.size());
  nodes_.resize(ids_.size());
  for (std::int32_t i = 0; i < count; ++i) {
    nodes_[static_cast<std::size_t>(i)] = {ids_[static_cast<std::size_t>(i)], i - 1,
                                           i + 1 < count ? i + 1 : -1};
  }
  heap_.clear();
  for (std::int32_t i = 0; i < count; ++i) offer(i);
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end());
    const auto best = heap_.back();
    heap_.pop_back();
    join(best);
  }
  ids_.clear();
  for (std::int32_t i = 0; i >= 0; i = nodes_[static_cast<std::size_t>(i)].next) {
    ids_.push_back(nodes_[static_cast<std::size_t>(i)].id);
  }
}

// Puts the pair that starts at a node into the heap, if there is a rule for it.
void pair_encoder::offer(std::int32_t position) {
  if (position < 0) return;
  const auto& left = nodes_[static_cast<std::size_t>(position)];
  if (left.next < 0) return;
  const auto& right = nodes_[static_cast<std::size_t>(left.next)];
  const auto rule = merges_.find(left.id, right.id);
  if (rule.rank == no_merge) return;
  heap_.push_back({rule.rank, position, left.id, right.id, rule.result});
  std::push_heap(heap_.begin(), heap_.end());
}

// Applies a candidate, unless its nodes have changed since it was offered.
void pair_encoder::join(const candidate& best) {
  auto& left = nodes_[static_cast<std::size_t>(best.position)];
  if (left.id != best.left || left.next < 0) return;
  auto& right = nodes_[static_cast<std::size_t>(left.next)];
  if (right.id != best.right) return;
  left.id = best.result;
  left.next = right.next;
  right.id = -1;
  if (left.next >= 0) nodes_[static_cast<std::size_t>(left.next)].previous = best.position;
  offer(left.previous);
  offer(best.position);
}

}  // namespace troupe::engine
