// What leads from one placement to the next: which instance takes over from which, and what a node
// has to do about it.
//
// Of one actor the instances that go and those that come are paired in order, the same way on every
// node. An instance with a successor is *drained*: it takes nothing new, finishes what it has, and
// its successor takes the rest. One without is stopped. Instances of a node that is gone are
// nobody's to stop.
//
// Pure.
#pragma once

#include <optional>
#include <vector>

#include "runtime/placement/placement.hpp"

namespace troupe {

// At least one of the two is there.
struct instance_move {
  std::optional<instance> from;
  std::optional<instance> to;

  bool operator==(const instance_move&) const = default;
};

// Returns what differs, in the order of actors.
std::vector<instance_move> moves(const placement& before, const placement& after);

struct instance_drain {
  instance what;
  instance successor;

  bool operator==(const instance_drain&) const = default;
};

// What one node has to do.
struct placement_change {
  std::vector<instance> starts;
  std::vector<instance_drain> drains;
  std::vector<instance> stops;

  bool operator==(const placement_change&) const = default;
};

// Returns what the node has to do.
placement_change change_at(const node_id& here, const placement& before, const placement& after);

}  // namespace troupe
