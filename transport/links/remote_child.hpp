// A child of a supervisor here that runs on another node.
//
// It is started there by kind, as spawn_actor does, under the supervisor's own rules: monitored,
// restarted by its strategy and within its intensity, stopped with its grace. Where its node is
// lost it has ended with caf::exit_reason::remote_link_unreachable; the next start asks anew which
// node is to run it. It does not outlive its supervisor or this node: an actor here is linked to
// it for as long as it lives.
//
// Thread: any. Bounds: start_within; a start whose answer comes later, up to late_max, is undone.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>

#include "runtime/supervisor_messages.hpp"

namespace troupe::transport {

struct remote_child_options {
  static constexpr std::chrono::milliseconds late_max{60'000};

  std::string kind;  // of spawn_actor
  std::string arguments;
  // Returns the node_server of the node that is to run it now; an error: there is none. Called at
  // each start, from any thread.
  std::function<caf::expected<caf::strong_actor_ptr>()> server{};
  std::chrono::milliseconds start_within{5'000};
};

// Returns a child; its kind, grace and the like are the caller's to set.
child_spec remote_child(std::string name, remote_child_options options);

}  // namespace troupe::transport
