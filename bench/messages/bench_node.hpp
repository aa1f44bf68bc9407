// A node of a measurement: one I/O thread, on which its links and its actors run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "runtime/io_scheduler.hpp"
#include "runtime/registry.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/remote_actors.hpp"
#include "transport/zmq/node_links.hpp"

namespace troupe::bench {

class bench_node {
 public:
  // With a key links are encrypted. Ends the process where it cannot listen.
  explicit bench_node(const std::string& name,
                      const std::optional<transport::zmq::cluster_key>& key = {});

  // Returns the port of loopback at which it listens.
  std::uint16_t port() const;

  // Returns the node_server of the node that is called `server`.
  caf::actor server_at(std::uint16_t port) const;

  registry names;

 private:
  struct io_config : caf::actor_system_config {
    io_config() { load_io_scheduler(*this, 1); }
  };

  transport::message_catalogue kinds_;
  io_config config_;

 public:
  caf::actor_system system{config_};
  std::shared_ptr<transport::remote_actors> actors;

 private:
  std::unique_ptr<transport::zmq::node_links> links_;
};

// Says why and ends the process.
[[noreturn]] void give_up(const caf::error& why);

}  // namespace troupe::bench
