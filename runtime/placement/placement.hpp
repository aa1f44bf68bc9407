// Which nodes run which actors, as every node computes it for itself from the same view.
//
// An actor has `count` equal instances. Each node that may run it offers slots, each slot draws by
// weighted rendezvous hashing, and the least draws get the instances, as far as the bounds on nodes
// and label values allow. An instance is its slot: (actor, node, slot).
//
// - **Least movement.** The bounds nest (slots of a node, nodes of a label value, all), so the
//   choice is the least basis of a laminar matroid: a slot that goes is replaced by at most one
//   other, a slot that comes displaces at most one. Instances stay where they are unless their own
//   node left, or a newcomer drew less.
// - **Agreement.** Draws depend on names and weights; an incarnation does not change them, so a
// node
//   that comes back gets what it had.
//
// Pure. Bounds: placement_limits; place() draws instances_max numbers a node and actor at most.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/membership/member_record.hpp"

namespace troupe {

struct placement_limits {
  static constexpr std::size_t actors_max = 256;
  static constexpr std::uint32_t instances_max = 1'024;  // of one actor
};

struct placed_actor {
  std::string name;
  std::uint32_t count = 1;
  std::map<std::string, std::string> labels{};  // a node must have all of them
  std::vector<std::string> roles{};             // and all of these
  std::uint32_t per_node_max = 0;               // 0: no bound
  std::string spread_label{};       // instances are spread over its values; empty: they are not
  std::uint32_t per_value_max = 1;  // of one value of that label
  bool single = false;              // there is one, and it acts only while it holds its lease

  bool operator==(const placed_actor&) const = default;
};

struct placement_node {
  node_id id;
  std::map<std::string, std::string> labels{};
  std::vector<std::string> roles{};
  std::uint16_t weight = 1;

  bool operator==(const placement_node&) const = default;
};

struct instance {
  std::string actor;
  node_id node;
  std::uint32_t slot = 0;

  auto operator<=>(const instance&) const = default;
};

// An actor that has fewer instances than it should.
struct shortage {
  std::string actor;
  std::uint32_t wanted = 0;
  std::uint32_t placed = 0;
  std::string reason;

  bool operator==(const shortage&) const = default;
};

struct placement {
  std::vector<instance> instances;  // in order
  std::vector<shortage> shortages;

  bool operator==(const placement&) const = default;
};

// Parts of the rules that tests turn off, to see that they are missed.
struct placement_parts {
  bool roles = true;
  bool labels = true;
  bool node_bound = true;
  bool value_bound = true;
  bool weights = true;
  bool names = true;  // draws are by name; else by the place in the view
};

// Returns the nodes of a membership's records that may run actors: those that have not ended and do
// not leave. A suspect keeps its actors until the verdict.
std::vector<placement_node> placement_view(const std::vector<member_record>& members);

// Places the actors on the nodes. REQUIRES: within the limits, names unique, one instance of what
// is single.
placement place(const std::vector<placed_actor>& actors, const std::vector<placement_node>& view,
                const placement_parts& parts = {});

}  // namespace troupe
