#include "engine/embedded/serve/open_answers.hpp"

#include <algorithm>
#include <vector>

namespace troupe::engine {

void open_answers::remove(const std::string& id, const abortable& answer) {
  const auto [first, last] = by_id_.equal_range(id);
  const auto found =
      std::find_if(first, last, [&](const auto& entry) { return entry.second == &answer; });
  if (found != last) by_id_.erase(found);
}

void open_answers::abort(std::string_view id) {
  abort_exactly(id);
  for (const std::string_view prefix : {"chatcmpl-", "cmpl-", "generate-tokens-"}) {
    if (id.starts_with(prefix)) abort_exactly(id.substr(prefix.size()));
  }
}

void open_answers::abort_exactly(std::string_view id) {
  std::vector<abortable*> named;
  const auto [first, last] = by_id_.equal_range(id);
  for (auto i = first; i != last; ++i) named.push_back(i->second);
  for (auto* answer : named) {
    // The end of one may bring its connection's next request, or end another.
    const auto [from, to] = by_id_.equal_range(id);
    const bool is_open =
        std::any_of(from, to, [answer](const auto& entry) { return entry.second == answer; });
    if (is_open) answer->abort();
  }
}

}  // namespace troupe::engine
