#include "apps/node_hosting.hpp"

#include <algorithm>
#include <utility>

#include "config/topology_change.hpp"
#include "config/topology_members.hpp"

namespace troupe::apps {

namespace {

using kind = hosting_step::kind;

}  // namespace

node_hosting::node_hosting(const std::vector<config::placed_spec>& placed, hosting_times times)
    : times_{times} {
  set_groups(placed);
}

void node_hosting::set_groups(const std::vector<config::placed_spec>& placed) {
  config::topology all;
  all.placed = placed;
  actors_ = config::placed_actors(all);
  groups_.clear();
  for (const auto& each : placed) groups_[each.engine.name] = each.engine;
}

void node_hosting::change_groups(const std::vector<config::placed_spec>& placed, time_point now) {
  set_groups(placed);
  wait(now);
}

void node_hosting::adopt(const std::string& node, const std::string& engine, bool is_draining,
                         time_point now) {
  for (const auto& [name, group] : groups_) {
    for (std::uint32_t slot = 0; slot < group.count; ++slot) {
      const instance which{name, {node, 0}, slot};
      const auto spec = engine_of(which);
      if (spec.name != engine) continue;
      const auto phase = is_draining ? phase::draining : phase::running;
      hosted_[engine] = {which, spec, phase, {}, now + times_.drain_max};
    }
  }
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

void node_hosting::leave(time_point now) {
  is_leaving_ = true;
  due_ = latest_ = now;
}

bool node_hosting::is_handing_over() const {
  if (!is_leaving_) return false;
  return due_ || std::ranges::any_of(hosted_, [](const auto& each) {
           return each.second.now == phase::handing_over;
         });
}

std::vector<hosting_step> node_hosting::settle(time_point now) {
  due_.reset();
  std::vector<placement_node> view;
  if (!is_leaving_) view.push_back(self_);
  for (const auto& [name, node] : others_) view.push_back(node);
  auto next = place(actors_, view);
  std::vector<hosting_step> steps;
  follow_groups(now, steps);
  const auto change = change_at(self_.id, before(), next);
  for (auto& [name, engine] : hosted_) engine.is_wanted = false;
  for (const auto& which : change.starts) take(which, steps);
  for (const auto& drain : change.drains) hand_over(drain, now + times_.handover_max, steps);
  for (const auto& what : change.stops) {
    if (is_leaving_) {
      keep(what, next);
    } else {
      give_up(what, now + times_.drain_max, steps);
    }
  }
  // What one that leaves hands over is seen against what was before, again and again.
  if (!is_leaving_) last_ = std::move(next);
  return steps;
}

// What runs as another engine than it is to be gives way to that one, if it stays at all.
void node_hosting::follow_groups(time_point now, std::vector<hosting_step>& steps) {
  for (auto& [name, entry] : hosted_) {
    if (entry.now != phase::running && entry.now != phase::handing_over) continue;
    const auto group = groups_.find(entry.which.actor);
    const bool is_there = group != groups_.end() && entry.which.slot < group->second.count;
    const auto wanted = is_there ? engine_of(entry.which) : config::engine_spec{};
    if (!config::is_same_engine(entry.engine, wanted)) {
      entry.now = phase::draining;
      entry.deadline = now + times_.drain_max;
      steps.push_back({kind::drain, entry.engine});
    } else if (entry.engine != wanted) {
      entry.engine = wanted;
      steps.push_back({kind::resettle, wanted});
    }
  }
}

// The last placement, but for this node what it runs indeed, and under its present incarnation.
placement node_hosting::before() const {
  placement before;
  for (const auto& which : last_.instances) {
    if (which.node.name != self_.id.name) before.instances.push_back(which);
  }
  for (const auto& [name, engine] : hosted_) {
    const bool may_move =
        engine.now == phase::running || (is_leaving_ && engine.now == phase::handing_over);
    if (!may_move) continue;
    before.instances.push_back({engine.which.actor, self_.id, engine.which.slot});
  }
  std::ranges::sort(before.instances);
  return before;
}

void node_hosting::hand_over(const instance_drain& move, time_point deadline,
                             std::vector<hosting_step>& steps) {
  const auto engine = engine_of(move.what);
  const auto successor = engine_of(move.successor).name;
  auto& entry = hosted_[engine.name];
  if (entry.now == phase::handing_over && entry.successor == successor) return;
  entry = {move.what, engine, phase::handing_over, successor, deadline};
  steps.push_back({kind::hand_over, engine, successor});
}

void node_hosting::give_up(const instance& what, time_point deadline,
                           std::vector<hosting_step>& steps) {
  const auto engine = engine_of(what);
  hosted_[engine.name] = {what, engine, phase::draining, {}, deadline};
  steps.push_back({kind::drain, engine});
}

// Nobody takes over now; who was to before may still be on the way.
void node_hosting::keep(const instance& what, const placement& next) {
  const auto engine = engine_of(what);
  auto& entry = hosted_[engine.name];
  const bool is_awaited = std::ranges::any_of(
      next.instances, [&](const auto& each) { return engine_of(each).name == entry.successor; });
  if (!is_awaited) entry = {what, engine};
}

void node_hosting::take(const instance& which, std::vector<hosting_step>& steps) {
  const auto engine = engine_of(which);
  const auto [at, is_new] = hosted_.try_emplace(engine.name, hosted{which, engine});
  auto& entry = at->second;
  if (entry.now == phase::stopping || !config::is_same_engine(entry.engine, engine)) {
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

// While there are news the successor may be about to leave: what they mean is known first.
std::vector<hosting_step> node_hosting::poll(const router_answers& routers, time_point now) {
  std::vector<hosting_step> steps;
  for (auto& [name, engine] : hosted_) {
    const bool is_overdue = now >= engine.deadline;
    if (engine.now == phase::handing_over &&
        (is_overdue || (!due_ && is_up_everywhere(routers, engine.successor)))) {
      engine.now = phase::draining;
      engine.deadline = now + times_.drain_max;
      steps.push_back({kind::drain, engine.engine});
    } else if (engine.now == phase::draining &&
               (is_overdue || is_drained_everywhere(routers, name))) {
      engine.now = phase::stopping;
      steps.push_back({kind::stop, engine.engine});
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
  const auto which = at->second.which;
  at->second = {which, engine_of(which)};
  return {{kind::start, at->second.engine}};
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
