#include "actors/router/fair_flows.hpp"

#include <algorithm>

#include "runtime/assert.hpp"

namespace troupe::actors {

double fair_flows::enter(const std::string& flow, double tokens) {
  auto& known = flows_[flow];
  if (known.waiting == 0) idle_.erase({known.finish, flow});
  const double tag = std::max(time_, known.finish);
  known.finish = tag + std::max(tokens, 1.0);
  ++known.waiting;
  ++waiting_;
  return tag;
}

void fair_flows::leave(const std::string& flow) {
  const auto found = flows_.find(flow);
  TROUPE_ASSERT(found != flows_.end() && found->second.waiting != 0);
  --waiting_;
  if (--found->second.waiting == 0) idle_.emplace(found->second.finish, flow);
  forget_past();
}

void fair_flows::serve(double tag) {
  time_ = std::max(time_, tag);
  forget_past();
}

// A flow that ends before the present is as good as one never seen.
void fair_flows::forget_past() {
  while (!idle_.empty() && (idle_.begin()->first <= time_ || idle_.size() > flows_max)) {
    flows_.erase(idle_.begin()->second);
    idle_.erase(idle_.begin());
  }
}

}  // namespace troupe::actors
