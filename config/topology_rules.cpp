#include "config/topology_rules.hpp"

#include <algorithm>
#include <set>

#include "config/mistake.hpp"
#include "config/topology_fields.hpp"
#include "config/topology_members.hpp"
#include "config/units.hpp"
#include "runtime/membership/member_record.hpp"
#include "runtime/membership/membership.hpp"

namespace troupe::config {

static_assert(seeds_max == membership::seeds_max);

namespace {

bool is_everywhere(std::string_view address) {
  return address == "0.0.0.0" || address == "::";
}

// Two names or links that are the same; links on any free port are not.
std::string twin_mistake(const topology& all) {
  std::set<std::string> names;
  std::set<std::string> links;
  for (const auto& node : all.nodes) {
    if (!names.insert(node.name).second) return "two nodes are called " + quote(node.name);
    const auto link = link_peer(*all.cluster, node.member);
    if (parse_peer(link) && !links.insert(link).second) {
      return "two nodes have the link " + link + "; the second is " + quote(node.name) +
             ", give it another in `link.listen` or `link.advertise`";
    }
  }
  return {};
}

}  // namespace

std::string open_link_mistake(const cluster_spec& cluster, std::string_view address,
                              std::string_view key) {
  if (is_loopback(address) || !cluster.key.empty() || cluster.insecure) return {};
  return std::string{address} + " can be reached from other machines; set `" + std::string{key} +
         "` (troupe keygen FILE makes one), or listen on 127.0.0.1, or set `" +
         (key == "key" ? "" : "cluster.") + "insecure: true` where the network itself is trusted";
}

std::string reach_mistake(const cluster_spec& cluster, const member_spec& member) {
  if (member.advertise.empty() && is_everywhere(link_listen(cluster, member).address)) {
    return "its link listens on every interface; say in `link.advertise` under which HOST:PORT "
           "others reach it";
  }
  constexpr auto scheme_bytes = std::string_view{"tcp://"}.size();
  if (link_peer(cluster, member).size() + scheme_bytes > member_limits::endpoint_bytes_max) {
    return "`link.advertise` is longer than " +
           std::to_string(member_limits::endpoint_bytes_max - scheme_bytes) + " bytes";
  }
  return {};
}

std::string idle_mistake(const node_spec& node) {
  if (node.has_router || !node.engines.empty() || !node.member.roles.empty()) return {};
  return "the node has neither actors nor roles; give it `actors`, or `roles` for placed ones to "
         "come";
}

std::string endpoint_mistake(const node_spec& node) {
  if (node.has_router || node.endpoint == endpoint_spec{}) return {};
  return "the node has no router, so nobody is served there; remove it";
}

std::string nodes_mistake(const topology& all) {
  if (all.nodes.size() > member_limits::members_max) {
    return "there are more than " + std::to_string(member_limits::members_max);
  }
  if (auto mistake = twin_mistake(all); !mistake.empty()) return mistake;
  if (std::ranges::none_of(all.nodes, &node_spec::has_router)) {
    return "no node has a router; add `- router: {}` to the actors of one";
  }
  const bool has_engine =
      !all.placed.empty() ||
      std::ranges::any_of(all.nodes, [](const node_spec& node) { return !node.engines.empty(); });
  return has_engine ? ""
                    : "no node has an engine, and none is placed; add one to `placed` or to "
                      "the actors of a node";
}

std::string placed_name_mistake(const topology& all) {
  std::set<std::string> taken;
  for (const auto& node : all.nodes) {
    for (const auto& engine : node.engines) {
      for (auto& name : engine_names(engine)) taken.insert(std::move(name));
    }
  }
  for (const auto& placed : all.placed) {
    for (auto& name : engine_names(placed.engine)) {
      if (taken.contains(name)) return "another engine is already called " + quote(name);
      taken.insert(std::move(name));
    }
  }
  return {};
}

}  // namespace troupe::config
