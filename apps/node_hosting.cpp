#include "apps/node_hosting.hpp"

#include <algorithm>
#include <utility>

#include "config/topology_change.hpp"
#include "config/topology_members.hpp"
#include "runtime/placement/placement_change.hpp"

namespace troupe::apps {

namespace {

using kind = hosting_step::kind;

const actors::engine_status* find(const actors::model_listing& listing, const std::string& name) {
  const auto at = std::ranges::find(listing.engines, name, &actors::engine_status::name);
  return at == listing.engines.end() ? nullptr : &*at;
}

bool is_up_everywhere(const router_answers& routers, const std::string& engine) {
  return std::ranges::all_of(routers, [&](const auto& listing) {
    const auto* status = listing ? find(*listing, engine) : nullptr;
    return status != nullptr && status->up;
  });
}

bool is_drained_everywhere(const router_answers& routers, const std::string& engine) {
  return std::ranges::all_of(routers, [&](const auto& listing) {
    if (!listing) return false;
    const auto* status = find(*listing, engine);
    return status == nullptr || (status->settings.draining && status->leases == 0);
  });
}

}  // namespace

node_hosting::node_hosting(const std::vector<config::placed_spec>& placed, hosting_times times)
    : times_{times} {
  config::topology all;
  all.placed = placed;
  actors_ = config::placed_actors(all);
  for (const auto& each : placed) groups_[each.engine.name] = each.engine;
}

void node_hosting::begin(placement_node self, time_point now) {
  self_ = std::move(self);
  others_.clear();
  due_ = latest_ = now + times_.settle_max;
}

void node_hosting::up(placement_node node, time_point now) {
  if (node.id.name == self_.id.name) return;
  auto name = node.id.name;
  others_.insert_or_assign(std::move(name), std::move(node));
  wait(now);
}

void node_hosting::gone(const node_id& node, time_point now) {
  const auto at = others_.find(node.name);
  if (at == others_.end() || at->second.id != node) return;
  others_.erase(at);
  wait(now);
}

void node_hosting::wait(time_point now) {
  if (!due_) latest_ = now + times_.settle_max;
  due_ = std::min(now + times_.settle, latest_);
}

std::vector<hosting_step> node_hosting::settle(time_point now) {
  due_.reset();
  std::vector<placement_node> view{self_};
  for (const auto& [name, node] : others_) view.push_back(node);
  auto next = place(actors_, view);
  const auto change = change_at(self_.id, before(), next);
  last_ = std::move(next);
  std::vector<hosting_step> steps;
  for (auto& [name, engine] : hosted_) engine.is_wanted = false;
  for (const auto& which : change.starts) take(which, steps);
  for (const auto& [what, to] : change.drains) {
    const auto engine = engine_of(what);
    const auto successor = engine_of(to).name;
    hosted_[engine.name] = {what, phase::handing_over, successor, now + times_.handover_max};
    steps.push_back({kind::hand_over, engine, successor});
  }
  for (const auto& what : change.stops) {
    const auto engine = engine_of(what);
    hosted_[engine.name] = {what, phase::draining, {}, now + times_.drain_max};
    steps.push_back({kind::drain, engine});
  }
  return steps;
}

// The last placement, but for this node what it runs indeed, and under its present incarnation.
placement node_hosting::before() const {
  placement before;
  for (const auto& which : last_.instances) {
    if (which.node.name != self_.id.name) before.instances.push_back(which);
  }
  for (const auto& [name, engine] : hosted_) {
    if (engine.now != phase::running) continue;
    before.instances.push_back({engine.which.actor, self_.id, engine.which.slot});
  }
  std::ranges::sort(before.instances);
  return before;
}

void node_hosting::take(const instance& which, std::vector<hosting_step>& steps) {
  const auto engine = engine_of(which);
  const auto [at, is_new] = hosted_.try_emplace(engine.name, hosted{which});
  auto& entry = at->second;
  if (entry.now == phase::stopping) {
    entry.is_wanted = true;
    return;
  }
  if (is_new) steps.push_back({kind::start, engine});
  if (entry.now == phase::draining) steps.push_back({kind::resume, engine});
  entry.now = phase::running;
}

bool node_hosting::is_moving() const {
  return std::ranges::any_of(hosted_, [](const auto& each) {
    return each.second.now == phase::handing_over || each.second.now == phase::draining;
  });
}

std::vector<hosting_step> node_hosting::poll(const router_answers& routers, time_point now) {
  std::vector<hosting_step> steps;
  for (auto& [name, engine] : hosted_) {
    const bool is_overdue = now >= engine.deadline;
    if (engine.now == phase::handing_over &&
        (is_overdue || is_up_everywhere(routers, engine.successor))) {
      engine.now = phase::draining;
      engine.deadline = now + times_.drain_max;
      steps.push_back({kind::drain, engine_of(engine.which)});
    } else if (engine.now == phase::draining &&
               (is_overdue || is_drained_everywhere(routers, name))) {
      engine.now = phase::stopping;
      steps.push_back({kind::stop, engine_of(engine.which)});
    }
  }
  return steps;
}

void node_hosting::not_started(const std::string& engine, time_point now) {
  hosted_.erase(engine);
  if (due_) return;
  due_ = latest_ = now + times_.retry;
}

std::vector<hosting_step> node_hosting::stopped(const std::string& engine) {
  const auto at = hosted_.find(engine);
  if (at == hosted_.end()) return {};
  if (!at->second.is_wanted) {
    hosted_.erase(at);
    return {};
  }
  at->second = {at->second.which};
  return {{kind::start, engine_of(at->second.which)}};
}

void node_hosting::not_stopped(const std::string& engine, time_point now) {
  const auto at = hosted_.find(engine);
  if (at == hosted_.end()) return;
  at->second.now = phase::draining;
  at->second.deadline = now;
}

// As config::engine_names numbers a group's, after the node: no engine of another node has it.
config::engine_spec node_hosting::engine_of(const instance& which) const {
  auto engine = config::single_engines(groups_.at(which.actor)).at(which.slot);
  engine.name = which.node.name + "." + engine.name;
  return engine;
}

}  // namespace troupe::apps
