// How links between nodes over ZeroMQ behave.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "transport/zmq/cluster_key.hpp"

namespace troupe::transport::zmq {

// The types of messages a build sends; nodes link only where theirs are the same.
struct message_catalogue {
  std::uint64_t hash = 0;          // of the names and of what each type holds
  std::vector<std::string> names;  // in the order of their numbers on the wire
};

struct link_options {
  std::string cluster = "troupe";  // nodes of other clusters are refused
  message_catalogue catalogue;
  std::optional<cluster_key> key;  // all nodes have it, and encrypt; left out: everybody is let in
  std::string listen;              // where to listen; empty: at the node's endpoint

  std::size_t queued_bytes_max = 64 * 1024 * 1024;    // a peer and lane
  std::size_t peers_max = 1'024;                      // links, and endpoints of letters
  std::chrono::milliseconds heartbeat_interval{100};  // where nothing else is sent
  std::chrono::milliseconds hello_interval{500};      // until it is answered
  std::chrono::milliseconds refused_interval{5'000};  // after a refusal
  std::chrono::milliseconds heard_interval{5};        // of telling the listener, a peer
  std::chrono::milliseconds letter_idle{30'000};      // then an endpoint's connection closes
  std::chrono::milliseconds farewell{100};            // for what was sent last, when links close
};

}  // namespace troupe::transport::zmq
