// The supervisor actor: starts actors, watches them, restarts them as supervisor_core decides, and
// adds and takes away children while it runs.
//
// | message         | reply          | what it changes                                         |
// | start_child     | child_report   | adds a child as the last one and starts it              |
// | start_instance  | child_report   | the same, from the template of simple_one_for_one       |
// | terminate_child | child_report   | stops a child; it stays known, unless temporary         |
// | restart_child   | child_report   | starts a terminated child again, in its old place       |
// | delete_child    | child_report   | forgets a terminated child                              |
// | which_children  | child_report[] | nothing                                                 |
// | count_children  | children_count | nothing                                                 |
// | exit (any)      | -              | ends the children in reverse, then itself               |
//
// Errors: not_found: no child of that name. invalid_request: there is one, or it runs, or waits for
// its restart; a significant child where none is allowed. unsupported: start_child, restart_child
// and delete_child with simple_one_for_one, start_instance without. overloaded: too many children
// or requests. cancelled: the supervisor ends. A child that cannot be started: its own error; it is
// not kept, unless restart_child started it. Requests are served one after the other: a
// terminate_child and a delete_child sent together take a child away.
//
// A child is published in the registry under its name while it runs. To a supervisor, `normal`,
// `user_shutdown` and orderly_end() are normal ends. A supervisor that gives up, whose significant
// children ended, or whose first start failed has an orderly end, as in OTP: its own supervisor
// restarts it if it is permanent.
//
// Thread: an unpinned actor; runs on whichever I/O thread sends to it.
// Bounds: supervisor_policy.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "runtime/registry.hpp"
#include "runtime/supervisor_messages.hpp"
#include "runtime/supervisor_policy.hpp"

namespace troupe {

struct supervisor_spec {
  std::string name = "supervisor";
  supervisor_policy policy{};
  std::vector<child_spec> children{};  // simple_one_for_one: the template alone
  registry* names = nullptr;           // may be null
  std::function<void(const std::string& child)> on_restart{};  // metrics; may be empty
  std::uint64_t jitter_seed = 1;
};

// Spawns a supervisor, which starts its children at once, in their order. REQUIRES: valid_rules()
// for each child, no name twice.
supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_spec spec);

}  // namespace troupe
