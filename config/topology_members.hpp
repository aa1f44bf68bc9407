// A topology's nodes and placed actors as membership and placement take them.
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "config/topology.hpp"
#include "config/units.hpp"
#include "runtime/membership/membership_options.hpp"
#include "runtime/placement/placement.hpp"

namespace troupe::config {

// Returns where the node listens for links.
socket_address link_listen(const cluster_spec& cluster, const member_spec& member);

// Returns the HOST:PORT under which others reach it; its port is 0 where any free one is taken.
std::string link_peer(const cluster_spec& cluster, const member_spec& member);

// Returns the seeds of the file: its own, or where it names none the nodes' links. Those by `dns`
// and `file` are for whoever may look them up.
std::vector<std::string> seeds_of(const topology& all);

// Returns membership's times, in the proportions of its defaults.
membership_options options_of(const member_times& times);

// Returns the nodes as placement sees them when all are there, each in its first life.
std::vector<placement_node> planned_view(const topology& all);

// Returns the placed actors, named as their groups.
std::vector<placed_actor> placed_actors(const topology& all);

}  // namespace troupe::config
