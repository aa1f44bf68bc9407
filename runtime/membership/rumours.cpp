#include "runtime/membership/rumours.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

std::vector<std::string> rumours::take(std::size_t count, std::size_t tellings_max) {
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const auto& [name, told] : told_) order.emplace_back(told, name);
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    const auto it = told_.find(order[i].second);
    if (++it->second >= tellings_max) told_.erase(it);
    names.push_back(std::move(order[i].second));
  }
  return names;
}

}  // namespace troupe
