// The actor around `membership`: letters and link events in, letters, verdicts and news out.
//
// | message | reply | what it does |
// | --- | --- | --- |
// | join_cluster | - | begins, with the endpoints of nodes that may be there |
// | announce_leave | - | says that this node will leave; it stays a member |
// | leave_cluster | unit | says farewell; ends no link |
// | letter_came | - | takes a letter of another node |
// | link_sign | - | takes what a link has noticed of its node |
// | follow_nodes | - | tells an actor of every node that is there, and of every change |
// | get_members | members | nothing |
//
// A node that is down or has left has its link ended here. Where this node itself is fenced the
// followers hear it, and nothing more comes from this actor.
//
// Thread: unpinned; told of links on their thread.
// Bounds: letters over link_bounds are not taken; what is in a letter is bounded by member_message.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include "runtime/membership/membership.hpp"
#include "transport/links/links.hpp"

namespace troupe::transport {

struct join_cluster {
  std::vector<std::string> seeds;  // endpoints
};
struct announce_leave {};
struct leave_cluster {};
struct letter_came {
  std::string bytes;
};
enum class link_sign_kind : std::uint8_t { heard, connected, disconnected };
struct link_sign {
  node_id node;
  link_sign_kind what = link_sign_kind::heard;
};
struct follow_nodes {
  caf::actor who;  // gets node_change
};
struct node_change {
  membership_event::kind what = membership_event::kind::up;
  node_description node;
};
struct get_members {};
struct member_status {
  std::vector<member_record> members;
};

struct membership_setup {
  std::uint64_t random = 0;  // need only differ between nodes
  membership_options options{};
  membership_parts parts{};
};

// Spawns it.
caf::actor spawn_membership(caf::actor_system& system, std::shared_ptr<links> carrier,
                            const membership_setup& setup);

}  // namespace troupe::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::join_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::announce_leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::leave_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::letter_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::link_sign)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::follow_nodes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::node_change)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::get_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::member_status)
