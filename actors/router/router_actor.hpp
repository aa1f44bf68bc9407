// The router actor: owns the routing state and forwards each request to the proxy of its engine.
//
// | message          | reply              | errors                    | what it changes | |
// route_request    | lease (from proxy) | unknown_model, no_engine  | ledger, index | |
// first_token_came | -                  | -                         | ledger, cost model | |
// request_ended    | -                  | -                         | ledger, cost model | |
// engine_report    | -                  | -                         | engines | | get_models |
// model_listing      | -                         | nothing                      | | maintain_tick
// | -                  | -                         | drops overdue leases, blocks |
//
// A proxy that ends takes its engine out of the state; a restarted router asks all proxies to
// report.
//
// Thread: unpinned, runs on whichever I/O thread sends to it; its mailbox is the only lock.
#pragma once

#include <memory>

#include <prometheus/registry.h>

#include "actors/messages.hpp"
#include "config/topology.hpp"
#include "runtime/registry.hpp"

namespace troupe::actors {

struct router_options {
  config::router_spec spec;
  registry* names = nullptr;
  std::shared_ptr<prometheus::Registry> metrics;
};

// Spawns the router; the caller publishes it as router_name.
router_actor spawn_router(caf::actor_system& system, router_options options);

}  // namespace troupe::actors
