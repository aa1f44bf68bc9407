// A vocabulary as a trie of its tokens' bytes, laid out for one walk from front to back.
//
// Nodes lie in depth-first order; each knows how long its subtree is, so a walk that meets a byte
// the grammar refuses jumps over everything that starts with it.
//
// Thread: immutable.
// Bounds: tokens of over bytes_max bytes are never allowed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace troupe::engine {

class token_trie {
 public:
  static constexpr std::size_t bytes_max = 1024;

  struct node {
    std::uint32_t end;          // index behind the subtree
    std::uint32_t first_token;  // into token_ids; the next node's first_token ends the range
    std::uint16_t depth;        // bytes before this node's
    std::uint8_t byte;
    bool is_plain_below;  // all bytes behind this node's are plain
  };

  // Returns whether a byte stands for itself in every JSON string: printable ASCII, unescaped.
  static constexpr bool is_plain(std::uint8_t byte) {
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
  }

  token_trie() = default;

  // Builds the trie of tokens by id; an empty text is a token that stands for no bytes and is never
  // allowed.
  explicit token_trie(std::span<const std::string_view> tokens);

  std::span<const node> nodes() const { return {nodes_.data(), nodes_.size() - 1}; }

  // Returns the tokens that end at a node.
  std::span<const std::uint32_t> tokens_at(std::size_t index) const {
    return tokens_between(index, index + 1);
  }

  // Returns the tokens that end at a node or below it.
  std::span<const std::uint32_t> tokens_from(std::size_t index) const {
    return tokens_between(index, nodes_[index].end);
  }

 private:
  std::span<const std::uint32_t> tokens_between(std::size_t index, std::size_t end) const {
    const auto first = nodes_[index].first_token;
    return std::span{token_ids_}.subspan(first, nodes_[end].first_token - first);
  }
  void mark_plain();

  std::vector<node> nodes_{{}};  // one more than there are, to end the last range
  std::vector<std::uint32_t> token_ids_;
};

}  // namespace troupe::engine
