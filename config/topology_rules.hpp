// What must hold between the parts of a topology of many nodes. Each function returns what does
// not, as the sentence of a mistake; empty: all is well.
//
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/topology.hpp"

namespace troupe::config {

inline constexpr std::size_t seeds_max = 16;

// A link beyond this machine needs a key; `key` is how the file calls it from there.
std::string open_link_mistake(const cluster_spec& cluster, std::string_view address,
                              std::string_view key);

// A node must be reachable under one address that fits into a message.
std::string reach_mistake(const cluster_spec& cluster, const member_spec& member);

// A node has something to do, and no endpoint where it has no router.
std::string idle_mistake(const node_spec& node);
std::string endpoint_mistake(const node_spec& node);

// The nodes of a cluster: their number, names, links, and what runs on them at all.
std::string nodes_mistake(const topology& all);

// No instance of a placed actor has a name that an engine of a node has, or another one.
std::string placed_name_mistake(const topology& all);

}  // namespace troupe::config
