#include "config/topology_members.hpp"

#include <algorithm>

namespace troupe::config {

socket_address link_listen(const cluster_spec& cluster, const member_spec& member) {
  if (member.address.empty()) return {cluster.address, cluster.port};
  return {member.address, member.port};
}

std::string link_peer(const cluster_spec& cluster, const member_spec& member) {
  return member.advertise.empty() ? format_listen(link_listen(cluster, member)) : member.advertise;
}

std::vector<std::string> seeds_of(const topology& all) {
  if (!all.cluster) return {};
  const auto& cluster = *all.cluster;
  const bool elsewhere = !cluster.dns_name.empty() || !cluster.seeds_file.empty();
  if (!cluster.seeds.empty() || elsewhere) return cluster.seeds;
  std::vector<std::string> seeds;
  for (const auto& node : all.nodes) {
    auto peer = link_peer(cluster, node.member);
    if (parse_peer(peer)) seeds.push_back(std::move(peer));
  }
  return seeds;
}

membership_options options_of(const member_times& times) {
  membership_options options;
  options.probe_every = times.probe_interval;
  options.probe_timeout = times.probe_timeout;
  options.indirect_after = times.probe_timeout / 3;
  options.quiet = times.probe_timeout * 2 / 3;
  options.silence = times.probe_timeout;
  options.suspicion_min = times.suspicion_min;
  options.suspicion_max = times.suspicion_max;
  options.lost_suspicion_min = times.suspicion_min * 7 / 12;
  options.lost_suspicion_max = times.suspicion_max * 7 / 9;
  return options;
}

std::vector<placement_node> planned_view(const topology& all) {
  std::vector<placement_node> view;
  for (const auto& node : all.nodes) {
    const auto& member = node.member;
    view.push_back({{node.name, 1}, member.labels, member.roles, member.weight});
  }
  return view;
}

std::vector<placed_actor> placed_actors(const topology& all) {
  std::vector<placed_actor> actors;
  for (const auto& [engine, place] : all.placed) {
    actors.push_back({.name = engine.name,
                      .count = engine.count,
                      .labels = place.labels,
                      .roles = place.roles,
                      .per_node_max = place.per_node_max,
                      .spread_label = place.spread_label,
                      .per_value_max = place.per_value_max});
  }
  return actors;
}

}  // namespace troupe::config
