#include "tests/simulation/cluster/shrink.hpp"

#include <utility>

namespace troupe::simulation {

namespace {

constexpr std::chrono::milliseconds shortest{50};

bool leave_one_out(fault_plan& plan, const std::function<bool(const fault_plan&)>& breaks) {
  for (std::size_t i = plan.faults.size(); i-- > 0;) {
    auto smaller = plan;
    smaller.faults.erase(smaller.faults.begin() + static_cast<std::ptrdiff_t>(i));
    if (!breaks(smaller)) continue;
    plan = std::move(smaller);
    return true;
  }
  return false;
}

bool shorten_one(fault_plan& plan, const std::function<bool(const fault_plan&)>& breaks) {
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    if (plan.faults[i].lasting / 2 < shortest) continue;
    auto smaller = plan;
    smaller.faults[i].lasting /= 2;
    if (!breaks(smaller)) continue;
    plan = std::move(smaller);
    return true;
  }
  return false;
}

}  // namespace

fault_plan shrink(fault_plan plan, const std::function<bool(const fault_plan&)>& breaks) {
  while (leave_one_out(plan, breaks) || shorten_one(plan, breaks)) {
  }
  return plan;
}

}  // namespace troupe::simulation
