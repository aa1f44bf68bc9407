#include "engine/embedded/text/special_matcher.hpp"

#include <algorithm>
#include <cstdint>

namespace troupe::engine {

special_matcher::special_matcher(const vocabulary& tokens) : tokens_{tokens} {
  for (token_id id = 0; tokens.contains(id); ++id) {
    const auto kind = tokens.kind(id);
    const auto text = tokens.bytes(id);
    if (text.empty() || (kind != token_kind::control && kind != token_kind::user_defined)) continue;
    by_first_byte_[static_cast<std::uint8_t>(text[0])].push_back(id);
  }
  for (auto& list : by_first_byte_) {
    std::ranges::stable_sort(list, std::ranges::greater{},
                             [&](token_id id) { return tokens.bytes(id).size(); });
  }
}

special_match special_matcher::find(std::string_view text) const {
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const auto id : by_first_byte_[static_cast<std::uint8_t>(text[at])]) {
      const auto wanted = tokens_.bytes(id);
      if (text.substr(at, wanted.size()) == wanted) return {at, wanted.size(), id};
    }
  }
  return {};
}

}  // namespace troupe::engine
