// The router actor: owns the routing state and forwards each request to the proxy of its engine.
//
// | message          | reply              | what it changes                                    |
// | route_request    | lease (from proxy) | ledger, index; or the request waits                |
// | withdraw_request | -                  | takes a waiting request out                        |
// | first_token_came | -                  | ledger, cost model; waiting requests may be served |
// | request_ended    | -                  | ledger, cost model; waiting requests may be served |
// | engine_report    | -                  | engines; waiting requests may be served            |
// | get_models       | model_listing      | nothing                                            |
// | maintain_tick    | -                  | drops overdue leases and blocks                    |
// | settle_tick      | -                  | turns away what has waited too long                |
// | reconfigure_router | -                | policies, aliases, bounds                          |
//
// Errors of route_request: unknown_model, no_engine, too_many_requests, cancelled.
//
// A proxy that ends takes its engine out of the state; a restarted router asks all proxies to
// report.
//
// Thread: unpinned, runs on whichever I/O thread sends to it; its mailbox is the only lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include <prometheus/registry.h>

#include "actors/messages.hpp"
#include "config/topology.hpp"
#include "runtime/registry.hpp"

namespace troupe::actors {

struct router_options {
  config::router_spec spec;
  registry* names = nullptr;  // gets the proxies of other nodes as they report
  std::shared_ptr<prometheus::Registry> metrics;
  std::uint64_t lease_numbers_from = 0;  // where several routers lease from the same engines: apart
  // How long after its start it may not have heard of all engines: until then a model that none
  // serves may be one of those, and the refusal is no_engine.
  std::chrono::milliseconds hears_within{0};
};

// Spawns the router; the caller publishes it as router_name.
router_actor spawn_router(caf::actor_system& system, router_options options);

}  // namespace troupe::actors
