// The router_finder actor: publishes the routers of other nodes, as nodes and routers come and go.
//
// | message | what it does |
// | --- | --- |
// | node_change | looks for the router of a node that has one, or withdraws it |
//
// When a router is found all proxies of this node report to it. A router that ends is looked for
// again as long as its node is there.
//
// Thread: unpinned. Bounds: one entry a node.
#pragma once

#include <functional>

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>

#include "runtime/membership/member_record.hpp"
#include "runtime/registry.hpp"

namespace troupe::actors {

struct router_finder_options {
  registry* names = nullptr;

  // Returns the node_server of a node, null where it has ended. Callable from any thread.
  std::function<caf::strong_actor_ptr(const node_description&)> server;
};

// Spawns it; it is to follow a membership actor.
caf::actor spawn_router_finder(caf::actor_system& system, router_finder_options options);

}  // namespace troupe::actors
