// The children of a supervisor as actors: their specs, their handles, their names in the registry.
//
// Thread: its supervisor's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_control_block.hpp>

#include "runtime/registry.hpp"
#include "runtime/supervisor_core.hpp"
#include "runtime/supervisor_messages.hpp"

namespace troupe {

struct supervised_child {
  child_spec spec;
  caf::strong_actor_ptr actor{};  // null: not running
  std::uint32_t starts = 0;
};

class supervised_children {
 public:
  explicit supervised_children(registry* names) : names_{names} {}

  // Adds a child that does not run yet.
  void add(child_id id, child_spec spec) { children_[id].spec = std::move(spec); }

  bool contains(child_id id) const { return children_.contains(id); }
  supervised_child& at(child_id id) { return children_.at(id); }

  // Publishes the actor that a child now is.
  void up(child_id id, const caf::actor& actor);

  // Returns whose actor has ended, and withdraws it.
  std::optional<child_id> down(const caf::actor_addr& address);

  // Forgets a child that does not run.
  void erase(child_id id) { children_.erase(id); }

  // Withdraws all names and forgets all children; returns the actors that were running.
  std::vector<caf::strong_actor_ptr> clear();

  // Says how a child is; the core knows whether one that is down comes back.
  child_report report(child_id id, const supervisor_core& core) const;

  // Says how all are, in their order.
  std::vector<child_report> reports(const supervisor_core& core) const;

  // Counts them.
  children_count count(const supervisor_core& core) const;

 private:
  void withdraw(supervised_child& child);

  registry* names_;  // may be null
  std::map<child_id, supervised_child> children_;
  std::unordered_map<caf::actor_addr, child_id> by_address_;
};

}  // namespace troupe
