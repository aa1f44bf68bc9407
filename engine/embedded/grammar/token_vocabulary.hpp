// What token masks need to know of a tokenizer: each token's bytes and which tokens end a turn.
//
// Thread: immutable.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/grammar/token_trie.hpp"

namespace troupe::engine {

class tokenizer;

class token_vocabulary {
 public:
  // Takes the bytes of each token by id, empty for special tokens, and the tokens that end a turn.
  token_vocabulary(std::span<const std::string_view> tokens, std::vector<std::int32_t> ends);

  // Reads a model's tokenizer.
  static token_vocabulary of(const tokenizer& source);

  std::size_t size() const { return starts_.size() - 1; }
  std::size_t mask_words() const { return (size() + 63) / 64; }
  const token_trie& trie() const { return trie_; }
  std::span<const std::int32_t> ends() const { return ends_; }

  // Returns a token's bytes; empty for special tokens and ids that are none.
  std::string_view bytes(std::int32_t token) const;
  bool is_end(std::int32_t token) const;

 private:
  std::string text_;
  std::vector<std::uint32_t> starts_{0};
  std::vector<std::int32_t> ends_;
  token_trie trie_;
};

}  // namespace troupe::engine
