#include "engine/embedded/grammar/token_vocabulary.hpp"

#include <algorithm>

#include "engine/embedded/text/tokenizer.hpp"

namespace troupe::engine {

token_vocabulary::token_vocabulary(std::span<const std::string_view> tokens,
                                   std::vector<std::int32_t> ends)
    : ends_{std::move(ends)}, trie_{tokens} {
  std::erase_if(ends_, [&](auto token) {
    return token < 0 || static_cast<std::size_t>(token) >= tokens.size();
  });
  for (const auto bytes : tokens) {
    text_ += bytes;
    starts_.push_back(static_cast<std::uint32_t>(text_.size()));
  }
}

token_vocabulary token_vocabulary::of(const tokenizer& source) {
  std::vector<std::string_view> tokens(source.vocab_size());
  std::vector<std::int32_t> ends;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto token = static_cast<token_id>(i);
    if (source.is_end_of_turn(token)) {
      ends.push_back(token);
    } else if (!source.is_special(token)) {
      tokens[i] = source.bytes(token);
    }
  }
  return {tokens, std::move(ends)};
}

std::string_view token_vocabulary::bytes(std::int32_t token) const {
  if (token < 0 || static_cast<std::size_t>(token) >= size()) return {};
  const auto i = static_cast<std::size_t>(token);
  return std::string_view{text_}.substr(starts_[i], starts_[i + 1] - starts_[i]);
}

bool token_vocabulary::is_end(std::int32_t token) const {
  return std::find(ends_.begin(), ends_.end(), token) != ends_.end();
}

}  // namespace troupe::engine
