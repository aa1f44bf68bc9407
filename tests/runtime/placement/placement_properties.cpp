#include "tests/runtime/placement/placement_properties.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <random>

namespace troupe::testing {

namespace {

using view_of_nodes = std::vector<placement_node>;

std::uint32_t below(std::mt19937_64& random, std::uint32_t n) {
  return static_cast<std::uint32_t>(random() % n);
}

placement_node random_node(std::mt19937_64& random, std::uint32_t number) {
  placement_node node{{"node-" + std::to_string(number), 1 + random() % 3}, {}, {}, 1};
  node.weight = static_cast<std::uint16_t>(1 + below(random, 4));
  if (below(random, 8) > 0)
    node.labels["zone"] = std::string(1, static_cast<char>('a' + number % 3));
  if (below(random, 4) > 0) node.roles.push_back("engine");
  if (below(random, 3) == 0) node.roles.push_back("cache");
  return node;
}

placed_actor random_actor(std::mt19937_64& random, std::uint32_t number) {
  placed_actor actor{.name = "actor-" + std::to_string(number), .count = 1 + below(random, 12)};
  if (below(random, 2) == 0) actor.roles.push_back("engine");
  if (below(random, 4) == 0) actor.labels["zone"] = "a";
  actor.per_node_max = below(random, 4);
  if (below(random, 2) == 0) actor.spread_label = "zone";
  actor.per_value_max = 1 + below(random, 3);
  return actor;
}

struct scene {
  view_of_nodes view;
  std::vector<placed_actor> actors;
};

scene random_scene(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  scene s;
  const auto nodes = 2 + below(random, 20);
  for (std::uint32_t i = 0; i < nodes; ++i) s.view.push_back(random_node(random, i));
  for (std::uint32_t i = 0; i < 4; ++i) s.actors.push_back(random_actor(random, i));
  return s;
}

const placement_node& node_of(const view_of_nodes& view, const instance& i) {
  return *std::ranges::find(view, i.node, &placement_node::id);
}

bool qualifies(const placed_actor& actor, const placement_node& node) {
  const bool has_roles = std::ranges::all_of(actor.roles, [&](const auto& role) {
    return std::ranges::find(node.roles, role) != node.roles.end();
  });
  return has_roles && std::ranges::all_of(actor.labels, [&](const auto& label) {
           return std::ranges::find(node.labels, label) != node.labels.end();
         });
}

// Every instance is where its actor may be, and no more of them than it may be.
std::string within_bounds(std::uint64_t seed, const placement_parts& parts) {
  const auto s = random_scene(seed);
  const auto result = place(s.actors, s.view, parts);
  for (const auto& actor : s.actors) {
    std::map<std::string, std::uint32_t> on_node;
    std::map<std::string, std::uint32_t> of_value;
    std::uint32_t placed = 0;
    for (const auto& i : result.instances) {
      if (i.actor != actor.name) continue;
      const auto& node = node_of(s.view, i);
      if (!qualifies(actor, node)) return actor.name + " does not belong on " + i.node.name;
      const auto most = actor.per_node_max == 0 ? actor.count : actor.per_node_max;
      if (++on_node[i.node.name] > most) return "too many on " + i.node.name;
      if (!actor.spread_label.empty() &&
          ++of_value[node.labels.at(actor.spread_label)] > actor.per_value_max) {
        return "too many of one zone";
      }
      ++placed;
    }
    const auto shortage = std::ranges::find(result.shortages, actor.name, &shortage::actor);
    const bool is_short = shortage != result.shortages.end();
    if (is_short != (placed < actor.count)) return "a shortage is not what is missing";
    if (is_short && (shortage->placed != placed || shortage->reason.empty()))
      return "a wrong shortage";
  }
  return {};
}

// The order in which a node knows the others changes nothing.
std::string agreement(std::uint64_t seed, const placement_parts& parts) {
  auto s = random_scene(seed);
  const auto here = place(s.actors, s.view, parts);
  std::mt19937_64 random{seed};
  std::ranges::shuffle(s.view, random);
  return place(s.actors, s.view, parts).instances == here.instances ? "" : "two nodes differ";
}

std::vector<instance> only_in(const placement& a, const placement& b) {
  std::vector<instance> found;
  std::ranges::set_difference(a.instances, b.instances, std::back_inserter(found));
  return found;
}

// Only instances of the node that comes or goes move; one displaces at most one.
std::string least_movement(std::uint64_t seed, const placement_parts& parts) {
  const auto s = random_scene(seed);
  const auto with = place(s.actors, s.view, parts);
  for (std::size_t n = 0; n < s.view.size(); ++n) {
    auto rest = s.view;
    const auto gone = rest[n].id;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(n));
    const auto without = place(s.actors, rest, parts);
    const auto lost = only_in(with, without);
    for (const auto& i : lost) {
      if (i.node != gone) return i.actor + " left " + i.node.name + " when " + gone.name + " did";
    }
    if (only_in(without, with).size() > lost.size()) return "more came than went";
  }
  return {};
}

// Nodes get shares in proportion to their weights, and a newcomer takes its own.
std::string fair_shares(std::uint64_t seed, const placement_parts& parts) {
  view_of_nodes view;
  double weights = 0;
  for (std::uint32_t i = 0; i < 8; ++i) {
    view.push_back({{"n" + std::to_string(i), 1}, {}, {}, static_cast<std::uint16_t>(1 + i % 4)});
    weights += view.back().weight;
  }
  constexpr std::uint32_t actors = 200;
  std::vector<placed_actor> all;
  for (std::uint32_t i = 0; i < actors; ++i) {
    all.push_back({.name = std::to_string(seed) + "/" + std::to_string(i)});
  }
  std::map<std::string, double> share;
  for (const auto& i : place(all, view, parts).instances) share[i.node.name] += 1;
  for (const auto& node : view) {
    const double expected = actors * node.weight / weights;
    const double allowed = 5 * std::sqrt(expected);
    if (std::abs(share[node.id.name] - expected) > allowed) return node.id.name + "'s share";
  }
  return {};
}

constexpr std::array properties{
    placement_property{"within_bounds", within_bounds},
    placement_property{"agreement", agreement},
    placement_property{"least_movement", least_movement},
    placement_property{"fair_shares", fair_shares},
};

}  // namespace

std::span<const placement_property> placement_properties() {
  return properties;
}

}  // namespace troupe::testing
