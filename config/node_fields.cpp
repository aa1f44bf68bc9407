// The key table of nodes, and of the file as a whole.
#include <set>
#include <string>
#include <utility>

#include "config/mistake.hpp"
#include "config/topology_fields.hpp"
#include "config/topology_rules.hpp"

namespace troupe::config {

namespace {

// What the actors read so far have taken.
struct actor_tally {
  std::size_t routers = 0;
  std::set<std::string> engines;  // by name
};

// Takes the names of a group of engines; returns the mistake where another group has one.
std::string take_names(actor_tally& tally, const engine_spec& group) {
  const auto names = engine_names(group);
  for (const std::string& name : names) {
    if (tally.engines.contains(name)) {
      return "another engine of this node is already called " + quote(name);
    }
  }
  tally.engines.insert(names.begin(), names.end());
  return {};
}

std::vector<field_visitor::item_kind> actor_kinds(node_spec& node, actor_tally& tally) {
  field_visitor::item_kind router{
      {"router", "Chooses the engine of each request. A node that stands alone has exactly one."},
      [&](field_visitor& v) {
        describe(v, node.router);
        ++tally.routers;
        v.rule({}, [&]() -> std::string {
          return tally.routers > 1 ? "a node has only one router; remove this one" : "";
        });
      }};
  field_visitor::item_kind engine{
      {"engine",
       "A group of engines and the proxies before them. A node that stands alone has at least "
       "one."},
      [&](field_visitor& v) {
        engine_spec group;
        describe(v, group);
        v.rule({"name", "count"}, [&] { return take_names(tally, group); });
        node.engines.push_back(std::move(group));
      }};
  return {std::move(router), std::move(engine)};
}

// What every node has, alone or not.
void describe_sections(field_visitor& v, node_spec& node) {
  v.section({"endpoint", "The HTTP endpoint that clients talk to."},
            [&] { describe(v, node.endpoint); });
  v.section({"admin", "The API for operators: engines added, drained and removed, reload."},
            [&] { describe(v, node.admin); });
  v.section({"log", "What the node writes to its standard error."}, [&] { describe(v, node.log); });
  v.section({"supervisor", "How engines that end are restarted."},
            [&] { describe(v, node.supervisor); });
  v.section({"client", "How the node talks to its engines."}, [&] { describe(v, node.client); });
  v.section({"stream", "What is kept for one answer under way."},
            [&] { describe(v, node.stream); });
}

// A node that stands alone serves by itself.
void rules_alone(field_visitor& v, const node_spec& node, bool replica) {
  v.rule({"actors"}, [&]() -> std::string {
    return node.has_router ? "" : "the node has no router; add `- router: {}`";
  });
  v.rule({"actors"}, [&]() -> std::string {
    return node.engines.empty() ? "the node has no engine; add one, such as `- engine: {name: "
                                  "local, model: model.gguf}`"
                                : "";
  });
  v.rule({"replicas", "labels", "roles", "weight", "link"}, [&]() -> std::string {
    if (!replica && node.member == member_spec{}) return "";
    return "it is for nodes that work together; add a `cluster` section to the file";
  });
}

void rules_within(field_visitor& v, const node_spec& node, const cluster_spec& cluster) {
  v.rule({"actors", "roles"}, [&] { return idle_mistake(node); });
  v.rule({"endpoint", "actors"}, [&] { return endpoint_mistake(node); });
  v.rule({"link"}, [&] { return reach_mistake(cluster, node.member); });
}

void derive_roles(node_spec& node) {
  if (!node.member.roles.empty()) return;
  if (node.has_router) node.member.roles.push_back("router");
  if (!node.engines.empty()) node.member.roles.push_back("engine");
}

void describe(field_visitor& v, node_spec& node, const std::optional<cluster_spec>& cluster,
              bool replica) {
  describe(v, node.member, cluster ? *cluster : cluster_spec{});
  describe_sections(v, node);
  actor_tally tally;
  v.list({"actors",
          "The actors the node runs: one router and at least one engine; in a cluster any of them, "
          "or none where `roles` lets placed ones come.",
          !cluster},
         actor_kinds(node, tally));
  node.has_router = tally.routers > 0;
  if (!cluster) return rules_alone(v, node, replica);
  rules_within(v, node, *cluster);
  derive_roles(node);
}

field_visitor::item_kind placed_kind(topology& value) {
  return {{"engine",
           "A group of engines that run on whichever nodes live and suit; `count` is of the whole "
           "cluster."},
          [&](field_visitor& v) {
            placed_spec placed;
            describe(v, placed.engine);
            v.section({"place", "Which nodes may run them, and how many each."},
                      [&] { describe(v, placed.place); });
            value.placed.push_back(std::move(placed));
          }};
}

}  // namespace

void describe(field_visitor& v, topology& value) {
  std::uint64_t version = format_version;
  v.count({"troupe", "Version of this file format.", true}, {format_version, format_version},
          version);
  v.section({"cluster",
             "Makes the nodes of this file work together; without it each stands alone. Every node "
             "has the same file."},
            [&] {
              cluster_spec cluster;
              describe(v, cluster);
              value.cluster = std::move(cluster);
            });
  v.list({"placed",
          "Actors that are not any node's own: every node computes where they run from who lives, "
          "and they move only when they must. For a cluster."},
         {placed_kind(value)});
  v.replicated(
      {"nodes", "The nodes; each is one process, started by `troupe up --node NAME`.", true},
      text_form::name, [&](const std::string& name, bool replica, field_visitor& inner) {
        node_spec node;
        node.name = name;
        describe(inner, node, value.cluster, replica);
        value.nodes.push_back(std::move(node));
      });
  v.rule({"placed"}, [&]() -> std::string {
    if (value.placed.empty() || value.cluster) return "";
    return "it is for nodes that work together; add a `cluster` section to the file";
  });
  v.rule({"placed", "nodes"}, [&] { return placed_name_mistake(value); });
  v.rule({"nodes"}, [&] { return value.cluster ? nodes_mistake(value) : std::string{}; });
}

}  // namespace troupe::config
