#include "apps/engine_table.hpp"

#include <utility>

#include "config/topology_fields.hpp"
#include "runtime/assert.hpp"

namespace troupe::apps {

engine_table::engine_table(const std::vector<config::engine_spec>& groups, std::size_t engines_max)
    : engines_max_{engines_max} {
  for (const auto& group : groups) {
    for (auto& engine : config::single_engines(group)) engines_.emplace(engine.name, engine);
  }
}

std::vector<config::engine_spec> engine_table::intended() const {
  std::vector<config::engine_spec> engines;
  for (const auto& [name, engine] : engines_) {
    const auto out = departures_.find(name);
    if (out == departures_.end()) {
      engines.push_back(engine);
    } else if (out->second.successor) {
      engines.push_back(*out->second.successor);
    }
  }
  return engines;
}

std::string engine_table::conflict(const config::engine_spec& group) const {
  for (const auto& name : config::engine_names(group)) {
    if (contains(name)) return "an engine of this node is already called '" + name + "'";
  }
  if (engines_.size() + group.count <= engines_max_) return {};
  return "a node has at most " + std::to_string(engines_max_) + " engines";
}

std::vector<config::engine_spec> engine_table::add(const config::engine_spec& group) {
  TROUPE_ASSERT(conflict(group).empty());
  auto added = config::single_engines(group);
  for (const auto& engine : added) engines_.emplace(engine.name, engine);
  return added;
}

bool engine_table::retire(const std::string& name, time_point deadline,
                          std::optional<config::engine_spec> successor) {
  TROUPE_ASSERT(contains(name));
  auto [at, is_new] = departures_.try_emplace(name);
  at->second.successor = std::move(successor);
  if (is_new) at->second.deadline = deadline;
  return is_new;
}

bool engine_table::stop(const std::string& name) {
  const auto out = departures_.find(name);
  if (out == departures_.end() || out->second.stopping) return false;
  out->second.stopping = true;
  return true;
}

void engine_table::keep_on(const std::string& name) {
  if (const auto out = departures_.find(name); out != departures_.end()) {
    out->second.stopping = false;
  }
}

std::optional<config::engine_spec> engine_table::remove(const std::string& name) {
  engines_.erase(name);
  const auto out = departures_.extract(name);
  if (out.empty() || !out.mapped().successor) return std::nullopt;
  engines_.emplace(name, *out.mapped().successor);
  return out.mapped().successor;
}

table_steps engine_table::apply(const config::topology_change& change, time_point deadline) {
  table_steps steps;
  const auto leave = [&](const std::string& name, std::optional<config::engine_spec> successor) {
    if (retire(name, deadline, std::move(successor))) steps.drained.push_back(name);
  };
  for (const auto& name : change.removed) leave(name, std::nullopt);
  for (const auto& engine : change.replaced) leave(engine.name, engine);
  for (const auto& engine : change.added) {
    // The name may still be that of one on its way out.
    if (contains(engine.name)) {
      leave(engine.name, engine);
    } else {
      engines_.emplace(engine.name, engine);
      steps.started.push_back(engine);
    }
  }
  for (const auto& engine : change.resettled) {
    if (is_leaving(engine.name)) {
      leave(engine.name, engine);
    } else {
      engines_.at(engine.name) = engine;
      steps.resettled.push_back(engine);
    }
  }
  return steps;
}

}  // namespace troupe::apps
