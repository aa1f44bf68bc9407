#include "engine/embedded/grammar/token_trie.hpp"

#include <algorithm>

namespace troupe::engine {

token_trie::token_trie(std::span<const std::string_view> tokens) {
  for (std::uint32_t id = 0; id < tokens.size(); ++id) {
    if (!tokens[id].empty() && tokens[id].size() <= bytes_max) token_ids_.push_back(id);
  }
  std::stable_sort(token_ids_.begin(), token_ids_.end(),
                   [&](auto a, auto b) { return tokens[a] < tokens[b]; });
  nodes_.clear();
  std::vector<std::uint32_t> open;  // nodes from the root to the last token
  std::string_view last;
  const auto close_to = [&](std::size_t depth) {
    for (; open.size() > depth; open.pop_back()) {
      nodes_[open.back()].end = static_cast<std::uint32_t>(nodes_.size());
    }
  };
  for (std::uint32_t i = 0; i < token_ids_.size(); ++i) {
    const auto text = tokens[token_ids_[i]];
    const auto shared = std::mismatch(text.begin(), text.end(), last.begin(), last.end()).first;
    close_to(static_cast<std::size_t>(shared - text.begin()));
    while (open.size() < text.size()) {
      const auto depth = open.size();
      open.push_back(static_cast<std::uint32_t>(nodes_.size()));
      // A node on the way to the token has none of its own: its range ends where it begins.
      nodes_.push_back(
          {0, i, static_cast<std::uint16_t>(depth), static_cast<std::uint8_t>(text[depth]), true});
    }
    last = text;
  }
  close_to(0);
  nodes_.push_back({0, static_cast<std::uint32_t>(token_ids_.size()), 0, 0, true});
  mark_plain();
}

void token_trie::mark_plain() {
  for (auto i = nodes_.size() - 1; i-- > 0;) {
    for (std::size_t child = i + 1; child < nodes_[i].end; child = nodes_[child].end) {
      const auto& below = nodes_[child];
      if (!below.is_plain_below || !is_plain(below.byte)) nodes_[i].is_plain_below = false;
    }
  }
}

}  // namespace troupe::engine
