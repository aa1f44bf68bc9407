#include "engine/embedded/grammar/mask_table.hpp"

#include <algorithm>
#include <utility>

namespace troupe::engine {

namespace {

void allow(token_mask& mask, std::uint32_t token) {
  mask[token / 64] |= std::uint64_t{1} << (token % 64);
}

}  // namespace

mask_table::mask_table(const json_grammar& grammar, const token_vocabulary& vocabulary,
                       mask_bounds bounds)
    : grammar_{grammar},
      vocabulary_{vocabulary},
      bounds_{bounds},
      walk_path_(token_trie::bytes_max + 1) {}

mask_table::place mask_table::start() {
  return {grammar_.start()};
}

void mask_table::enter(place& at) {
  if (configs_.size() > bounds_.configs_max) {
    configs_.clear();
    by_hash_.clear();
    uses_.clear();
    ++generation_;
  }
  if (at.generation == generation_) return;
  at.config = intern(at.state);
  at.generation = generation_;
}

std::uint32_t mask_table::intern(const json_grammar::state& state) {
  const auto hash = state.hash();
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto i = first; i != last; ++i) {
    if (configs_[i->second]->state == state) return i->second;
  }
  const auto index = static_cast<std::uint32_t>(configs_.size());
  configs_.push_back(std::make_unique<config>());
  configs_.back()->state = state;
  configs_.back()->next.fill(unknown);
  by_hash_.emplace(hash, index);
  return index;
}

std::uint32_t mask_table::compute_step(std::uint32_t from, std::uint8_t byte) {
  auto state = configs_[from]->state;
  const auto next = grammar_.advance(state, byte) ? intern(state) : dead;
  configs_[from]->next[byte] = next;
  if (next == from && token_trie::is_plain(byte)) find_loops(from);
  return next;
}

// A state that one plain byte does not leave is probably that of a string's inside, where none
// does.
void mask_table::find_loops(std::uint32_t index) {
  if (std::exchange(configs_[index]->was_looked_at, true)) return;
  bool loops = true;
  for (unsigned byte = 0; loops && byte < 256; ++byte) {
    const auto b = static_cast<std::uint8_t>(byte);
    loops = !token_trie::is_plain(b) || step(index, b) == index;
  }
  configs_[index]->loops_on_plain = loops;
}

bool mask_table::advance(place& at, std::string_view bytes) {
  enter(at);
  auto index = at.config;
  for (const char c : bytes) {
    index = step(index, static_cast<std::uint8_t>(c));
    if (index == dead) return false;
  }
  at.config = index;
  at.state = configs_[index]->state;
  return true;
}

std::shared_ptr<const token_mask> mask_table::mask(place& at) {
  enter(at);
  auto& known = *configs_[at.config];
  if (known.mask) {
    uses_.splice(uses_.begin(), uses_, known.use);
    return known.mask;
  }
  ++walks_;
  auto mask = std::make_shared<token_mask>(vocabulary_.mask_words());
  if (!walk(at.config, *mask)) {
    std::fill(mask->begin(), mask->end(), 0);
    walk_unremembered(at.state, *mask);
  }
  if (grammar_.may_end(at.state)) {
    for (const auto token : vocabulary_.ends()) allow(*mask, static_cast<std::uint32_t>(token));
  }
  remember(at.config, mask);
  return mask;
}

void mask_table::remember(std::uint32_t index, std::shared_ptr<const token_mask> mask) {
  if (uses_.size() >= bounds_.masks_max) {
    configs_[uses_.back()]->mask.reset();
    uses_.pop_back();
  }
  uses_.push_front(index);
  configs_[index]->mask = std::move(mask);
  configs_[index]->use = uses_.begin();
}

// Returns false where the walk meets too many states to remember.
bool mask_table::walk(std::uint32_t from, token_mask& mask) {
  const auto& trie = vocabulary_.trie();
  const auto nodes = trie.nodes();
  walk_path_[0] = from;
  for (std::size_t i = 0; i < nodes.size();) {
    const auto& node = nodes[i];
    const auto next = step(walk_path_[node.depth], node.byte);
    if (next == dead) {
      i = node.end;
      continue;
    }
    walk_path_[node.depth + 1U] = next;
    if (node.is_plain_below && configs_[next]->loops_on_plain) {
      for (const auto token : trie.tokens_from(i)) allow(mask, token);
      i = node.end;
      continue;
    }
    for (const auto token : trie.tokens_at(i)) allow(mask, token);
    if (configs_.size() > bounds_.walk_configs_max) return false;
    ++i;
  }
  return true;
}

void mask_table::walk_unremembered(const json_grammar::state& from, token_mask& mask) const {
  const auto& trie = vocabulary_.trie();
  const auto nodes = trie.nodes();
  std::vector<json_grammar::state> path{from};
  for (std::size_t i = 0; i < nodes.size();) {
    const auto& node = nodes[i];
    path.resize(node.depth + 1U);
    path.push_back(path.back());
    if (!grammar_.advance(path.back(), node.byte)) {
      i = node.end;
      continue;
    }
    for (const auto token : trie.tokens_at(i)) allow(mask, token);
    ++i;
  }
}

}  // namespace troupe::engine
