// The engine_proxy actor: one per engine; knows whether it lives, what it serves and how loaded it
// is.
//
// | message          | reply | what it changes                                             |
// | grant_request    | lease | nothing; a refusal (connect_failed) ends the lease          |
// | attempt_failed   | -     | health: held back or down, probed at once                   |
// | engine_address   | -     | health: a process listens, or has ended                     |
// | probe_tick       | -     | starts a probe                                              |
// | probe_done       | -     | health, models, load; reports to the router                 |
// | report_to_router | -     | nothing; reports to the router                              |
// | engine_settings  | -     | weight, bound, draining; reports to the router              |
//
// Thread: unpinned, runs on whichever I/O thread sends to it; its prober has a thread of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/engine_proxy/engine_health.hpp"
#include "actors/engine_proxy/engine_prober.hpp"
#include "actors/messages.hpp"
#include "runtime/registry.hpp"

namespace troupe::actors {

struct engine_proxy_options {
  std::string engine;
  engine_settings settings{};
  health_options health;
  std::optional<engine_address> address;  // empty: the engine's process tells
  std::shared_ptr<engine_prober> prober;  // callable from any thread
  registry* names = nullptr;
};

// Spawns the proxy; it reports to all routers published in `names`.
engine_proxy_actor spawn_engine_proxy(caf::actor_system& system, engine_proxy_options options);

}  // namespace troupe::actors
