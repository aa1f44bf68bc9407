#include "runtime/placement/placement.hpp"

#include <algorithm>
#include <tuple>

#include "runtime/assert.hpp"
#include "runtime/rendezvous.hpp"

namespace troupe {

namespace {

using lack_counts = std::map<std::string, std::size_t>;  // nodes by what they lack

struct offer {
  double draw = 0;
  const placement_node* node = nullptr;
  std::uint32_t slot = 0;
};

bool less(const offer& a, const offer& b) {
  return std::tie(a.draw, a.node->id.name, a.slot) < std::tie(b.draw, b.node->id.name, b.slot);
}

// What the node lacks to run the actor; empty: nothing.
std::string lack(const placed_actor& actor, const placement_node& node,
                 const placement_parts& parts) {
  for (const auto& role : actor.roles) {
    if (parts.roles && std::ranges::find(node.roles, role) == node.roles.end()) {
      return "role " + role;
    }
  }
  for (const auto& [key, value] : actor.labels) {
    const auto has = node.labels.find(key);
    if (parts.labels && (has == node.labels.end() || has->second != value)) {
      return "label " + key + ": " + value;
    }
  }
  if (!actor.spread_label.empty() && !node.labels.contains(actor.spread_label)) {
    return "label " + actor.spread_label;
  }
  return {};
}

std::uint32_t slots_of(const placed_actor& actor, const placement_parts& parts) {
  if (actor.per_node_max == 0 || !parts.node_bound) return actor.count;
  return std::min(actor.count, actor.per_node_max);
}

std::vector<offer> offers_of(const placed_actor& actor,
                             const std::vector<const placement_node*>& nodes,
                             const placement_parts& parts) {
  const auto slots = slots_of(actor, parts);
  std::vector<offer> offers;
  offers.reserve(nodes.size() * slots);
  std::vector<std::uint64_t> keys;
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    keys.push_back(rendezvous_key(actor.name + '/' + std::to_string(slot)));
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto name = rendezvous_name(parts.names ? nodes[i]->id.name : std::to_string(i));
    const double weight = parts.weights ? nodes[i]->weight : 1;
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      offers.push_back({rendezvous_draw(keys[slot], name, weight), nodes[i], slot});
    }
  }
  std::ranges::sort(offers, less);
  return offers;
}

std::string counted(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

// Says why there is no place for more: the nodes that qualify are full, or none does.
std::string reason_of(const placed_actor& actor, std::size_t qualified,
                      const lack_counts& lacking) {
  std::string text;
  for (const auto& [what, nodes] : lacking) {
    text += (text.empty() ? "" : ", ") + counted(nodes, "node") +
            (nodes == 1 ? " lacks " : " lack ") + what;
  }
  if (qualified > 0) {
    std::string full = counted(qualified, "node") + (qualified == 1 ? " qualifies" : " qualify");
    if (actor.per_node_max > 0) full += ", at most " + std::to_string(actor.per_node_max) + " each";
    if (!actor.spread_label.empty()) {
      full += ", at most " + std::to_string(actor.per_value_max) + " for each value of " +
              actor.spread_label;
    }
    text = full + (text.empty() ? "" : "; ") + text;
  }
  return text.empty() ? "there are no nodes" : text;
}

void place_one(const placed_actor& actor, const std::vector<placement_node>& view,
               const placement_parts& parts, placement& result) {
  TROUPE_ASSERT(actor.count <= placement_limits::instances_max);
  TROUPE_ASSERT(!actor.single || actor.count == 1);
  std::vector<const placement_node*> nodes;
  lack_counts lacking;
  for (const auto& node : view) {
    if (auto missing = lack(actor, node, parts); missing.empty()) {
      nodes.push_back(&node);
    } else {
      ++lacking[std::move(missing)];
    }
  }
  const bool is_spread = parts.value_bound && !actor.spread_label.empty();
  std::map<std::string, std::uint32_t> of_value;
  std::uint32_t placed = 0;
  for (const auto& [draw, node, slot] : offers_of(actor, nodes, parts)) {
    if (placed == actor.count) break;
    if (is_spread) {
      auto& taken = of_value[node->labels.at(actor.spread_label)];
      if (taken >= actor.per_value_max) continue;
      ++taken;
    }
    result.instances.push_back({actor.name, node->id, slot});
    ++placed;
  }
  if (placed == actor.count) return;
  result.shortages.push_back(
      {actor.name, actor.count, placed, reason_of(actor, nodes.size(), lacking)});
}

}  // namespace

std::vector<placement_node> placement_view(const std::vector<member_record>& members) {
  std::vector<placement_node> view;
  for (const auto& member : members) {
    if (ended(member.state) || member.leaving) continue;
    const auto& node = member.node;
    view.push_back({node.id, node.labels, node.roles, node.weight});
  }
  return view;
}

placement place(const std::vector<placed_actor>& actors, const std::vector<placement_node>& view,
                const placement_parts& parts) {
  TROUPE_ASSERT(actors.size() <= placement_limits::actors_max);
  TROUPE_ASSERT(view.size() <= member_limits::members_max);
  placement result;
  for (const auto& actor : actors) place_one(actor, view, parts, result);
  std::ranges::sort(result.instances);
  return result;
}

}  // namespace troupe
