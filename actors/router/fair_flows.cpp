#include "actors/router/fair_flows.hpp"

#include <algorithm>

#include "runtime/assert.hpp"

namespace troupe::actors {

double fair_flows::next_tag(const std::string& flow) const {
  const auto known = flows_.find(flow);
  return known == flows_.end() ? time_ : std::max(time_, known->second.finish);
}

double fair_flows::enter(const std::string& flow, double tokens) {
  const double tag = next_tag(flow);
  auto& known = flows_[flow];
  if (known.waiting == 0) idle_.erase({known.finish, flow});
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

void fair_flows::take_back(const std::string& flow, double tag) {
  const auto found = flows_.find(flow);
  TROUPE_ASSERT(found != flows_.end() && found->second.waiting != 0);
  found->second.finish = tag;
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
