// Finds special tokens spelt out in text: the leftmost, of those that start there the longest.
//
// Thread: immutable once built.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "engine/embedded/text/vocabulary.hpp"

namespace troupe::engine {

struct special_match {
  std::size_t position = std::string_view::npos;  // npos: none
  std::size_t bytes = 0;
  token_id id = -1;
};

class special_matcher {
 public:
  // Takes control and user-defined tokens; the vocabulary must outlive the matcher.
  explicit special_matcher(const vocabulary& tokens);

  // Returns the first special token of the text.
  special_match find(std::string_view text) const;

 private:
  const vocabulary& tokens_;
  std::array<std::vector<token_id>, 256> by_first_byte_;  // longest first
};

}  // namespace troupe::engine
