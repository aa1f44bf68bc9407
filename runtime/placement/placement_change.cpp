#include "runtime/placement/placement_change.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

namespace troupe {

namespace {

std::vector<instance> missing_from(const placement& other, const placement& of) {
  std::vector<instance> missing;
  std::ranges::set_difference(of.instances, other.instances, std::back_inserter(missing));
  return missing;
}

struct exchange {
  std::vector<instance> gone;
  std::vector<instance> come;
};

}  // namespace

std::vector<instance_move> moves(const placement& before, const placement& after) {
  std::map<std::string, exchange> by_actor;
  for (auto& i : missing_from(after, before)) by_actor[i.actor].gone.push_back(std::move(i));
  for (auto& i : missing_from(before, after)) by_actor[i.actor].come.push_back(std::move(i));
  std::vector<instance_move> all;
  for (const auto& [actor, e] : by_actor) {
    for (std::size_t i = 0; i < std::max(e.gone.size(), e.come.size()); ++i) {
      instance_move move;
      if (i < e.gone.size()) move.from = e.gone[i];
      if (i < e.come.size()) move.to = e.come[i];
      all.push_back(std::move(move));
    }
  }
  return all;
}

placement_change change_at(const node_id& here, const placement& before, const placement& after) {
  placement_change change;
  for (const auto& [from, to] : moves(before, after)) {
    if (to && to->node == here) change.starts.push_back(*to);
    if (!from || from->node != here) continue;
    if (to) {
      change.drains.push_back({*from, *to});
    } else {
      change.stops.push_back(*from);
    }
  }
  return change;
}

}  // namespace troupe
