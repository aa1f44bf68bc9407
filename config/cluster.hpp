// What a topology says of nodes that work together: how they find and trust each other, what each
// is, and which actors are placed on whichever of them lives.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::config {

using label_map = std::map<std::string, std::string>;

// How fast nodes that fail are found; the other times follow (config/topology_members.hpp).
struct member_times {
  std::chrono::milliseconds probe_interval{200};
  std::chrono::milliseconds probe_timeout{450};
  std::chrono::milliseconds suspicion_min{600};  // where others agree
  std::chrono::milliseconds suspicion_max{900};  // where nobody does

  friend bool operator==(const member_times&, const member_times&) = default;
};

struct cluster_spec {
  std::string name = "troupe";  // nodes of another name are refused
  std::string address = "127.0.0.1";
  std::uint16_t port = 7100;       // of each node's link, unless it says otherwise; 0: any free one
  std::vector<std::string> seeds;  // HOST:PORT
  std::string dns_name;            // all its addresses are seeds; empty: none
  std::uint16_t dns_port = 7100;
  std::string seeds_file;  // HOST:PORT a line; empty: none
  std::string key;         // file of the key for CURVE; empty: links are neither secret nor proven
  bool insecure = false;   // they may be so beyond this machine
  member_times membership;

  friend bool operator==(const cluster_spec&, const cluster_spec&) = default;
};

// What a node is within its cluster.
struct member_spec {
  label_map labels;
  std::vector<std::string> roles;
  std::uint16_t weight = 1;  // share of placed actors, beside the weights of the others
  std::string address;       // of its link; empty: the cluster's
  std::uint16_t port = 0;
  std::string advertise;  // HOST:PORT that others use; empty: what it listens on

  friend bool operator==(const member_spec&, const member_spec&) = default;
};

// Which nodes may run a placed actor.
struct place_spec {
  std::vector<std::string> roles{"engine"};
  label_map labels;
  std::uint32_t per_node_max = 0;  // 0: no bound
  std::string spread_label;        // empty: not spread
  std::uint32_t per_value_max = 1;

  friend bool operator==(const place_spec&, const place_spec&) = default;
};

}  // namespace troupe::config
