// Reduces the faults of a plan that breaks something to those it takes.
#pragma once

#include <functional>

#include "tests/simulation/cluster/fault_plan.hpp"

namespace troupe::simulation {

// Returns a plan of which no fault can be left out, nor made half as long, without `breaks`
// becoming false. REQUIRES: breaks(plan).
fault_plan shrink(fault_plan plan, const std::function<bool(const fault_plan&)>& breaks);

}  // namespace troupe::simulation
