// The actor of a node that other nodes know without having met it: number 0 of each.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <caf/actor_control_block.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include "runtime/registry.hpp"
#include "transport/links/node_messages.hpp"
#include "transport/links/remote_actors.hpp"

namespace troupe::transport {

// An actor of this node is linked to one of another, or no longer; stays within the node. Told by
// message, for where links are made both actors are locked.
struct link_change {
  std::weak_ptr<remote_actors> owner;
  std::shared_ptr<remote_node> node;
  caf::actor_id actor = 0;
  caf::strong_actor_ptr other;
  bool linked = false;
};

// Starts it. Both by reference, to outlive the actor.
caf::strong_actor_ptr spawn_node_server(caf::actor_system& system, const registry& names,
                                        const std::map<std::string, actor_factory>& kinds);

}  // namespace troupe::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::link_change)
