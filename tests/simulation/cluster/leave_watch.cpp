#include "tests/simulation/cluster/leave_watch.hpp"

#include <algorithm>

namespace troupe::simulation {

void leave_watch::started(const std::string& node) {
  lives_[node] = {world_.events.now()};
}

void leave_watch::told_to_leave(const std::string& node) {
  auto& it = lives_[node];
  const auto now = world_.events.now();
  if (it.leaves_since != time_point::max()) impatient_until_ = now + aftermath;
  it.leaves_since = now;
}

void leave_watch::drains(const std::string& node) {
  lives_[node].drains_since = world_.events.now();
}

void leave_watch::stopped(const node_id& node) {
  stopped_.insert(node);
}

void leave_watch::died(const std::string& node) {
  lives_.erase(node);
}

void leave_watch::gives_up_requests(const std::string& node) {
  if (!plan_.stalls && is_calm()) world_.broken(node + " gives up requests under way");
}

void leave_watch::gives_up_successors(const std::string& node) {
  if (is_calm() && others_stand(node)) world_.broken("nobody takes over from " + node + " in time");
}

void leave_watch::held_for_dead(const node_id& which, const node_id& by) {
  const bool is_outlived = lives_.contains(which.name);  // the next life may be heard of first
  if (is_outlived || !is_calm() || !stopped_.contains(which)) return;
  world_.broken(by.name + " holds " + which.name + " for dead, which has left in order");
}

void leave_watch::serves(std::uint16_t engine, const std::string& node) {
  engines_[engine] = {node, world_.events.now()};
}

void leave_watch::serves_no_more(std::uint16_t engine) {
  engines_.erase(engine);
}

void leave_watch::asked(const std::string& node, const std::string& by) {
  const auto at = lives_.find(node);
  if (at == lives_.end() || at->second.drains_since == time_point::max() || !is_calm()) return;
  if (world_.events.now() - at->second.drains_since <= heard_within) return;
  world_.broken(by + " gives an engine of " + node + " a request, which drains");
}

void leave_watch::cut_short(const std::string& node, std::size_t requests) {
  if (!is_calm()) return;
  world_.broken("an engine of " + node + " is ended under " + std::to_string(requests) +
                " requests");
}

void leave_watch::missed(const std::string& node) {
  if (is_calm()) world_.broken("a request meets no engine on " + node);
}

void leave_watch::failed(const request_key& request, const std::string& how, time_point began) {
  if (plan_.stalls || !is_calm()) return;
  const bool are_full = plan_.requests_max != 0 && how == "status 429";
  if (are_full || !can_serve(began)) return;
  const auto at = lives_.find(plan_.endpoint_of(request.stream));
  if (at == lives_.end() || at->second.since > began - settled) return;
  world_.broken(to_string(request) + " ends: " + how + ", though no node has failed");
}

bool leave_watch::is_calm() const {
  const auto now = world_.events.now();
  if (now < impatient_until_) return false;
  return std::ranges::none_of(plan_.faults, [&](const fault& one) {
    return one.kind != fault_kind::leave && began_ + one.at <= now &&
           now <= began_ + one.at + one.lasting + aftermath;
  });
}

// All others for engines, and have done so since it began to leave.
bool leave_watch::others_stand(const std::string& node) const {
  const auto since = lives_.at(node).leaves_since - settled;
  for (auto other = plan_.routers; other < plan_.nodes(); ++other) {
    if (node_name(other) != node && !stands(node_name(other), since)) return false;
  }
  return true;
}

bool leave_watch::stands(const std::string& node, time_point since) const {
  const auto at = lives_.find(node);
  return at != lives_.end() && at->second.leaves_since == time_point::max() &&
         at->second.since <= since;
}

bool leave_watch::can_serve(time_point began) const {
  for (auto node = plan_.routers; node < plan_.nodes(); ++node) {
    if (stands(node_name(node), began - settled)) return true;
  }
  return std::ranges::any_of(engines_, [&](const auto& each) {
    const auto& it = each.second;
    return it.since <= began - known_within && stands(it.node, it.since);
  });
}

}  // namespace troupe::simulation
