// What joins a node to the others of its cluster: links, stand-ins of their actors, membership, and
// the finder of their routers.
//
// Where the others hold this node for dead (it was cut off, or stood still) all of that ends and is
// made anew with a higher incarnation; the actors of the node go on.
//
// Thread: made, used and destroyed on the home thread, but for names().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include "apps/cluster_look.hpp"
#include "apps/node_cluster_metrics.hpp"
#include "config/topology.hpp"
#include "runtime/io_thread.hpp"
#include "runtime/registry.hpp"
#include "transport/links/links.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/remote_actors.hpp"
#include "transport/zmq/cluster_key.hpp"

namespace troupe::apps {

class node_cluster {
 public:
  // By reference: to outlive this object.
  struct parts {
    caf::actor_system& system;
    io_thread& home;
    const config::topology& all;
    const config::node_spec& node;
    registry& names;
    cluster_metrics& metrics;
  };

  // Listens, and begins to look for the others. Errors: io_error (the address is taken),
  // invalid_config (the key).
  static caf::expected<std::unique_ptr<node_cluster>> open(parts p);
  ~node_cluster();

  // Where others reach this node.
  const std::string& endpoint() const;

  // Tells the others that this node will leave: what is placed here is to start elsewhere.
  void announce_leave();

  // Tells the others that this node leaves, so that they need not find out; then calls `done`, on
  // whichever thread.
  void leave(std::function<void()> done);

  // Tells an actor of this node's life in the cluster (cluster_life) and then of the others
  // (node_change), now and whenever another life begins.
  void follow(const caf::actor& who);

  // What can be seen of the cluster now.
  cluster_look look() const;

 private:
  class life;
  node_cluster(parts p, std::optional<transport::zmq::cluster_key> key);
  caf::error begin();
  void begin_again();
  void tell_life(const caf::actor& who) const;

  parts parts_;
  std::optional<transport::zmq::cluster_key> key_;
  transport::message_catalogue catalogue_;
  std::unique_ptr<life> life_;
  std::vector<caf::actor> followers_;
  bool is_leaving_ = false;
  std::shared_ptr<node_cluster*> self_;  // null once this is gone
};

}  // namespace troupe::apps
