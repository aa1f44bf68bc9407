// The engine_proxy actor: one per engine; knows whether it lives, what it serves and how loaded it
// is.
//
// | message          | reply | errors         | what it changes | | grant_request    | lease |
// connect_failed | nothing; a refusal ends the lease at the router      | | attempt_failed   | - |
// -              | health: held back or down, probed at once            | | engine_address   | - |
// -              | health: a process listens, or has ended              | | probe_tick       | - |
// -              | starts a probe                                       | | probe_done       | - |
// -              | health, models, load; reports to the router          | | report_to_router | - |
// -              | nothing; reports to the router                       |
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

// Spawns the proxy; it reports to the actor published as router_name.
engine_proxy_actor spawn_engine_proxy(caf::actor_system& system, engine_proxy_options options);

}  // namespace troupe::actors
