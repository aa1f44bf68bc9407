// The drain actor of a node that ends: tells its engines to take nothing new, since their node
// leaves, and waits until no other node's router has work there.
//
// This node's own router counts for nothing: its streams are waited for where they are.
//
// Thread: unpinned. Bounds: whoever spawns it waits no longer than it likes, and sends it an exit.
#pragma once

#include <functional>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "apps/live_settings.hpp"
#include "runtime/registry.hpp"

namespace troupe::apps {

struct drain_options {
  const registry* names = nullptr;  // these two outlive the actor
  live_settings* live = nullptr;    //
  std::function<void()> drained{};  // called once, on whichever thread
};

// Spawns it; it ends with its work.
caf::actor spawn_node_drain(caf::actor_system& system, drain_options options);

}  // namespace troupe::apps
