// The placement actor: runs the placed engines that fall to this node.
//
// | message | what it does |
// | --- | --- |
// | cluster_life | this node is in the cluster under a new incarnation; its view begins again |
// | node_change | takes it into the view; the placement follows once no more news come |
// | placed_changed | takes the groups from the live settings anew |
// | hand_over_all | this node leaves: says so when nothing waits for its successor any more |
//
// It is a child of the node's tree. One that takes the place of another asks the supervisor what
// runs, and goes on from there.
//
// What is to be done node_hosting decides. Engines are children of the node's supervisor. Of those
// on their way out every router that is known here is asked.
//
// Thread: unpinned. Bounds: those of node_hosting.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include "apps/live_settings.hpp"
#include "apps/node_hosting.hpp"
#include "config/topology.hpp"
#include "runtime/membership/member_record.hpp"
#include "runtime/registry.hpp"
#include "runtime/supervisor.hpp"

namespace troupe::apps {

// To be sent before the actor is to follow a membership actor.
struct cluster_life {
  node_description self;
};

struct hand_over_all {};
struct placed_changed {};

// Its name in the tree.
inline constexpr const char* placement_name = "placement/hosting";

struct placement_options {
  std::string node{};  // the name of this one
  hosting_times times{};
  registry* names = nullptr;      // these two outlive the actor
  live_settings* live = nullptr;  // its groups are there
  supervisor_actor supervisor{};  // of the node
  std::function<child_spec(const config::engine_spec&)> engine_child{};
  std::function<caf::error(const config::engine_spec&)> describe{};  // how an engine is spoken to
  std::function<void(const caf::actor&)> follow{};  // sends it cluster_life and node_change
  std::function<bool()> leaves{};                   // whether hand_over_all was sent to one before
  std::function<void()> handed_over{};              // on whichever thread
};

caf::actor spawn_placement(caf::actor_system& system, placement_options options);

}  // namespace troupe::apps

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::cluster_life)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::hand_over_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::placed_changed)
