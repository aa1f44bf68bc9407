// One way of getting messages from one process to another, to be compared with others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bench/messages/message_load.hpp"
#include "transport/zmq/cluster_key.hpp"

namespace troupe::bench {

class contestant {
 public:
  virtual ~contestant() = default;

  virtual std::string name() const = 0;

  // Returns whether it is others' work, which ours is compared with.
  virtual bool is_peer() const { return false; }

  // Returns the name of the one it is compared with, empty where that is all peers.
  virtual std::string compared_with() const { return {}; }

  // Serves in a process of its own until that is killed; says on which port of loopback.
  [[noreturn]] virtual void serve(const std::function<void(std::uint16_t)>& listening) = 0;

  // Runs a load in a process of its own; says the rate, in messages a second.
  virtual void drive(std::uint16_t port, const message_load& load,
                     const std::function<void(double)>& measured) = 0;
};

// Plain cppzmq: DEALER to ROUTER and back, one thread at each end. What the network allows.
std::unique_ptr<contestant> make_raw_zmq();

// Two actors over CAF's own I/O module.
std::unique_ptr<contestant> make_caf_io();

// Records over our own links, without actors.
std::unique_ptr<contestant> make_links_only();

using cluster_key_ptr = std::shared_ptr<const transport::zmq::cluster_key>;

// Two actors over our links; the payload a text, or bytes that travel without a copy. With a key
// encrypted, and compared with the same without.
std::unique_ptr<contestant> make_remote_actors(bool as_bytes, const cluster_key_ptr& key = {});

}  // namespace troupe::bench
