// The JSON of `GET /admin/cluster`: what a node knows of its cluster, and what runs there.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/messages.hpp"
#include "runtime/membership/member_record.hpp"
#include "transport/links/links.hpp"

namespace troupe::apps {

// In one word the state in which the cluster holds a node: up, leaving, suspect, down, left.
std::string_view state_word(const member_record& member);

// What one node sees.
struct cluster_sight {
  std::string cluster;                  // its name, empty: the node is in none
  node_description self;                // without a cluster only its name, labels and roles
  bool is_leaving = false;              // this node
  std::vector<member_record> others{};  // the other nodes it knows
  std::vector<transport::link_status> links{};
  std::string router{};                          // the node whose router says what the engines do
  std::vector<actors::engine_status> engines{};  // as that router knows them
  std::vector<std::string> own_engines{};        // what this node runs, where there is no router
  std::vector<std::string> actors{};             // names published on this node
};

std::string cluster_page(const cluster_sight& of);

}  // namespace troupe::apps
