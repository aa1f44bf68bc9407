// How links between nodes over ZeroMQ behave, and what they count.
#pragma once

#include <atomic>
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
};

// Counted since the start. Thread: any.
struct link_counts {
  std::atomic<std::uint64_t> frames_received{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> records_received{0};
  std::atomic<std::uint64_t> gaps{0};
  std::atomic<std::uint64_t> late{0};                 // frames that came behind later ones
  std::atomic<std::uint64_t> unknown_token{0};        // frames of incarnations that are not linked
  std::atomic<std::uint64_t> malformed{0};            // messages that are no frame of ours
  std::atomic<std::uint64_t> refused_by_us{0};        // hellos
  std::atomic<std::uint64_t> refused_by_peer{0};      // our hellos
  std::atomic<std::uint64_t> refused_keys{0};         // connections with another key
  std::atomic<std::uint64_t> refused_connections{0};  // that broke ZeroMQ's handshake
  std::atomic<std::uint64_t> failed_connections{0};   // of ours, refused by a peer
  std::atomic<std::uint64_t> letters_received{0};
  std::atomic<std::uint64_t> letters_dropped{0};  // of ours: their endpoint took no more
};

}  // namespace troupe::transport::zmq
