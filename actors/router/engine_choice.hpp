// Chooses an engine from priced candidates by one of the policies.
//
// Pure but for the rotation, which takes turns among equals. Weights: `round_robin` and ties take
// turns by weight; `least_loaded` compares load per weight; `prefix` finds its candidates priced by
// load per weight already; `session` draws by weight.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "actors/router/routing_types.hpp"
#include "actors/router/weighted_rotation.hpp"
#include "config/topology.hpp"

namespace troupe::actors {

struct choice_rules {
  config::routing_policy policy = config::routing_policy::prefix;
  std::uint32_t balance = 125;  // of policy `session`, percent
};

struct engine_choice {
  std::size_t index = 0;  // of the line chosen
  route_reason reason = route_reason::rotation;
};

// Chooses among the lines, at least one; `session` is empty for a request without a key.
engine_choice choose_engine(const choice_rules& rules, std::span<const engine_cost> lines,
                            std::string_view session, weighted_rotation& turns);

}  // namespace troupe::actors
