// What the links of a node's cluster say at one moment, and whom to ask for its members.
#pragma once

#include <string>
#include <vector>

#include <caf/actor.hpp>

#include "transport/links/links.hpp"

namespace troupe::apps {

struct cluster_look {
  std::string cluster;  // its name
  node_description self;
  std::vector<transport::link_status> links;
  caf::actor membership;  // null where the node could not join again
  bool is_leaving = false;
};

}  // namespace troupe::apps
