#include "actors/router/engine_choice.hpp"

#include <limits>
#include <vector>

#include "actors/router/session_hash.hpp"
#include "runtime/assert.hpp"

namespace troupe::actors {
namespace {

using config::routing_policy;

// What the policy wants least of.
double rank(routing_policy policy, const engine_cost& line) {
  switch (policy) {
    case routing_policy::round_robin:
      return 0;
    case routing_policy::least_loaded:
      return static_cast<double>(line.load) / line.weight;
    default:
      return line.cost_s;
  }
}

route_reason reason_for(routing_policy policy, const engine_cost& chosen) {
  if (policy == routing_policy::round_robin) return route_reason::rotation;
  if (policy == routing_policy::least_loaded) return route_reason::least_loaded;
  return chosen.cached_tokens != 0 ? route_reason::prefix : route_reason::least_cost;
}

// The line of least rank; equals take turns.
std::size_t least(routing_policy policy, std::span<const engine_cost> lines,
                  weighted_rotation& turns) {
  double lowest = std::numeric_limits<double>::infinity();
  std::size_t found = 0;
  std::size_t equals = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double at = rank(policy, lines[i]);
    if (at < lowest) {
      lowest = at;
      found = i;
      equals = 1;
    } else if (at == lowest) {
      ++equals;
    }
  }
  if (equals <= 1) return found;
  std::vector<rotation_seat> seats;
  std::vector<std::size_t> indices;
  for (std::size_t i = found; i < lines.size(); ++i) {
    if (rank(policy, lines[i]) != lowest) continue;
    seats.push_back({lines[i].slot, lines[i].weight});
    indices.push_back(i);
  }
  return indices[turns.next(seats)];
}

}  // namespace

engine_choice choose_engine(const choice_rules& rules, std::span<const engine_cost> lines,
                            std::string_view session, weighted_rotation& turns) {
  TROUPE_ASSERT(!lines.empty());
  if (lines.size() == 1) return {0, route_reason::only_candidate};
  auto policy = rules.policy;
  if (policy == routing_policy::session && !session.empty()) {
    const auto chosen = choose_for_session(lines, session, rules.balance);
    return {chosen.index, chosen.is_home ? route_reason::session : route_reason::session_overflow};
  }
  if (policy == routing_policy::session) policy = routing_policy::prefix;
  const auto index = least(policy, lines, turns);
  return {index, reason_for(policy, lines[index])};
}

}  // namespace troupe::actors
