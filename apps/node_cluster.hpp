// What joins a node to the others of its cluster, life after life.
//
//   cluster (one_for_one, never gives up) ── cluster/member ── what one life needs (node_life.hpp)
//
// The actor `cluster/member` (node_member.hpp) holds a life. It ends with it: where the others hold
// this node for dead (it was cut off, or stood still), where membership has ended, where it cannot
// listen. It begins another life with a higher incarnation. The other actors of the node go on.
//
// Thread: made, used and destroyed on the home thread, but for follow() and child(), which are
// called from any. It outlives the actor system's use of child().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <caf/actor.hpp>
#include <caf/expected.hpp>

#include "apps/cluster_look.hpp"
#include "apps/node_life.hpp"
#include "apps/node_member.hpp"
#include "runtime/supervisor_messages.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/zmq/cluster_key.hpp"

namespace troupe::apps {

class node_cluster final : private node_lives {
 public:
  using parts = node_life::parts;

  // Listens, for the first life. Errors: io_error (the address is taken), invalid_config (the key).
  static caf::expected<std::unique_ptr<node_cluster>> open(const parts& p);
  ~node_cluster() override;

  // Returns the child that holds a life, and begins to look for the others.
  child_spec child() const;

  // Where others reach this node. REQUIRES: no life has ended.
  const std::string& endpoint() const;

  // Tells the others that this node will leave: what is placed here is to start elsewhere.
  void announce_leave();

  // Tells the others that this node leaves, so that they need not find out; then calls `done`, on
  // whichever thread. For where the actor is not told to end.
  void leave(std::function<void()> done);

  // Tells an actor of this node's life in the cluster (cluster_life) and then of the others
  // (node_change), now and whenever another life begins; in the place of whom it told before.
  void follow(const caf::actor& who);

  // What can be seen of the cluster now.
  cluster_look look() const;

 private:
  using self_ptr = std::shared_ptr<node_cluster*>;  // null once it is gone

  node_cluster(const parts& p, std::optional<transport::zmq::cluster_key> key);
  caf::error open_life();
  caf::expected<life_actors> begin_life() override;
  void end_life() override { life_.reset(); }
  void outlived(std::uint64_t incarnation) override { latest_ = incarnation; }
  void tell_life() const;
  bool is_alive() const;

  parts parts_;
  std::optional<transport::zmq::cluster_key> key_;
  std::uint64_t latest_ = 0;  // the latest incarnation of this node that is known
  transport::message_catalogue catalogue_;
  std::unique_ptr<node_life> life_;  // null between two
  caf::actor follower_;
  bool is_leaving_ = false;
  self_ptr self_;
  std::shared_ptr<node_lives*> lives_;  // null likewise
};

}  // namespace troupe::apps
