#include "runtime/supervised_children.hpp"

#include <utility>

namespace troupe {

void supervised_children::up(child_id id, const caf::actor& actor) {
  auto& child = children_.at(id);
  child.actor = caf::actor_cast<caf::strong_actor_ptr>(actor);
  by_address_[actor.address()] = id;
  if (names_ != nullptr) names_->put(child.spec.name, child.actor);
}

std::optional<child_id> supervised_children::down(const caf::actor_addr& address) {
  const auto entry = by_address_.find(address);
  if (entry == by_address_.end()) return std::nullopt;
  const auto id = entry->second;
  withdraw(children_.at(id));
  return id;
}

void supervised_children::withdraw(supervised_child& child) {
  if (!child.actor) return;
  by_address_.erase(child.actor->address());
  if (names_ != nullptr) names_->erase(child.spec.name, child.actor);
  child.actor = nullptr;
}

std::vector<caf::strong_actor_ptr> supervised_children::clear() {
  std::vector<caf::strong_actor_ptr> running;
  for (auto& [id, child] : children_) {
    if (child.actor) running.push_back(child.actor);
    withdraw(child);
  }
  children_.clear();
  return running;
}

child_report supervised_children::report(child_id id, const supervisor_core& core) const {
  const auto& child = children_.at(id);
  child_report out{.name = child.spec.name, .starts = child.starts};
  if (child.actor) {
    out.condition = child_condition::running;
    out.actor = caf::actor_cast<caf::actor>(child.actor);
  } else if (core.state(id) != child_state::idle) {
    out.condition = child_condition::restarting;
  }
  return out;
}

std::vector<child_report> supervised_children::reports(const supervisor_core& core) const {
  std::vector<child_report> all;
  for (const auto& [id, child] : children_) all.push_back(report(id, core));
  return all;
}

children_count supervised_children::count(const supervisor_core& core) const {
  children_count out{.children = children_.size()};
  for (const auto& [id, child] : children_) {
    if (child.actor) {
      ++out.running;
    } else if (core.state(id) != child_state::idle) {
      ++out.restarting;
    }
  }
  return out;
}

}  // namespace troupe
