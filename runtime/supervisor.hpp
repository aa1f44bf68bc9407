// The supervisor actor: starts actors, watches them, restarts them as supervisor_core decides.
//
// | message           | reply                     | what it changes                              |
// | children_request  | vector<child_report>      | nothing                                      |
// | exit (any reason) | -                         | ends the children in reverse, then itself    |
//
// A child is published in the registry under its name while it runs. A child that does not end
// within its grace after exit_reason::user_shutdown gets exit_reason::kill. A supervisor that gives
// up ends with errc::process_died, which its own supervisor, or the node, sees.
//
// Thread: an unpinned actor; runs on whichever I/O thread sends to it.
// Bounds: supervisor_policy.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/expected.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/typed_actor.hpp>

#include "runtime/registry.hpp"
#include "runtime/supervisor_core.hpp"

namespace troupe {

struct child_spec {
  std::string name;  // also in the registry
  restart_kind kind = restart_kind::permanent;
  std::chrono::milliseconds stop_grace{10'000};

  // Makes the child; called at each (re)start, on the supervisor's thread. A typed handle goes in
  // with caf::actor_cast<caf::actor>(handle).
  std::function<caf::expected<caf::actor>(caf::actor_system&)> start{};
};

struct supervisor_spec {
  std::string name = "supervisor";
  supervisor_policy policy{};
  std::vector<child_spec> children{};
  registry* names = nullptr;                                   // may be null
  std::function<void(const std::string& child)> on_restart{};  // metrics; may be empty
  std::uint64_t jitter_seed = 1;
};

struct children_request {};

struct child_report {
  std::string name;
  bool running = false;
  std::uint32_t starts = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, children_request&) {
  return f(caf::meta::type_name("troupe::children_request"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, child_report& x) {
  return f(caf::meta::type_name("troupe::child_report"), x.name, x.running, x.starts);
}

using supervisor_actor =
    caf::typed_actor<caf::replies_to<children_request>::with<std::vector<child_report>>>;

// Spawns a supervisor, which starts its children at once, in their order.
supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_spec spec);

}  // namespace troupe
