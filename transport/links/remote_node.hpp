// One incarnation of another node, as this node's actors see it: its actors' stand-ins and the way
// there.
//
// Thread: any. No callback runs and no handle is let go of under its mutex.
// Bounds: stand-ins live as long as someone holds them; `recent_max` of them a while longer, so
// that one who writes often is not made anew each time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include "transport/links/links.hpp"

namespace troupe::transport {

class remote_actors;

class remote_node : public std::enable_shared_from_this<remote_node> {
 public:
  remote_node(std::shared_ptr<remote_actors> owner, peer_link_ptr link);
  ~remote_node();

  const peer_link_ptr& link() const { return link_; }

  // Returns the stand-in of one of its actors, made where there is none; null once it has ended.
  caf::strong_actor_ptr actor(caf::actor_id id);

  // ---- what stand-ins ask of it ----

  // Sends a message to an actor; where it cannot be sent, a request is answered with the reason.
  void send(caf::actor_id to, caf::mailbox_element& what, caf::execution_unit* unit);

  // Wants to hear of the actor's end, and keeps its stand-in until then or until unwatch().
  void watch(const caf::strong_actor_ptr& actor);
  void unwatch(caf::actor_id id);

  // Tells the actor's node that `other` is linked to it, or no longer; from another thread's turn.
  void tell_link(caf::actor_id id, const caf::strong_actor_ptr& other, bool linked);

  // A stand-in is gone.
  void forget(caf::actor_id id, const caf::actor_control_block* which);

  // ---- what the link's events ask of it ----

  // An actor has ended.
  void actor_ended(caf::actor_id id, const caf::error& reason);

  // Asks anew for the ends of all watched actors: what was asked or answered may be lost.
  void watch_again();

  // The node is gone: so are all of its actors.
  void close(const caf::error& reason);

 private:
  static constexpr std::size_t recent_max = 64;

  void ask_to_watch(caf::actor_id id, bool on);

  const std::shared_ptr<remote_actors> owner_;
  const peer_link_ptr link_;
  const caf::node_id node_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::unordered_map<caf::actor_id, caf::weak_actor_ptr> actors_;
  std::unordered_map<caf::actor_id, caf::strong_actor_ptr> watched_;
  std::array<caf::strong_actor_ptr, recent_max> recent_;
};

}  // namespace troupe::transport
