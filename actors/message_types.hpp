// What the actors say to each other, by receiver; messages.hpp says who answers what.
//
// Thread: values, moved between actors of one process by reference count; every type can also be
// serialised, for the day its receiver lives on another node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/engine_proxy/engine_prober.hpp"
#include "actors/router/routing_types.hpp"
#include "config/topology.hpp"

namespace troupe::actors {

// ---- to the router -----------------------------------------------------------------------------

// A stream asks for an engine. Reply: lease, from the engine's proxy, maybe after a wait. Errors:
// unknown_model, no_engine, too_many_requests, cancelled.
struct route_request {
  std::uint64_t request = 0;  // unique within the node, for logs
  std::uint32_t epoch = 0;    // attempt number, from 1 (contract C1)
  prompt_facts facts;
  std::vector<std::uint32_t> tried;  // engines that failed this request
  std::uint32_t waited_ms = 0;       // since the request came, earlier attempts included
};

// The client of a stream's route_request has left: if it waits, it need not any longer.
struct withdraw_request {
  std::uint64_t request = 0;
};

// The first token of a leased request came.
struct first_token_came {
  lease_id lease{};
  double ttft_s = 0;  // since the lease
};

// A leased request ended, however. Sent exactly once for each lease.
struct request_ended {
  lease_id lease{};
  lease_outcome outcome = lease_outcome::completed;
  usage_counts usage;
};

// A proxy says what its engine is; sent at each change and after each probe.
struct engine_report {
  std::string name;
  bool up = false;
  bool died = false;  // its process ended: the KV cache is gone with it
  engine_settings settings;
  std::vector<model_card> models;
  std::uint64_t kv_tokens_max = 0;
  double kv_usage = 0;  // 0 to 1
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  std::string host;  // where it listens, as other nodes reach it
  std::uint16_t port = 0;
};

// Asks for the models served and the engines behind them.
struct get_models {};

struct engine_status {
  std::string name;
  bool up = false;
  std::uint32_t load = 0;    // requests running and waiting, other routers' included
  std::uint32_t leases = 0;  // of these, given out by this router
  engine_settings settings{};
  double kv_usage = 0;
  std::uint64_t kv_tokens_max = 0;
  std::vector<std::string> models{};
};

struct model_listing {
  std::vector<model_card> models;  // one per id, sorted
  std::vector<engine_status> engines;
};

// The router takes over policies, aliases and bounds; engines, cache and leases stay. It stays
// within its node.
struct reconfigure_router {
  config::router_spec spec;
};

// The router looks after expired leases and forgotten blocks.
struct maintain_tick {};

// The router looks whether waiting requests are overdue or have room by now.
struct settle_tick {};

// ---- to an engine's proxy ----------------------------------------------------------------------

// The router forwards a request to the engine it chose. Reply: lease, to the stream that asked.
struct grant_request {
  std::uint32_t epoch = 0;
  decision choice;
};

// What a stream needs to talk to its engine.
struct engine_lease {
  lease_id id{};
  engine_id engine{};
  std::string engine_name;
  std::string host;
  std::uint16_t port = 0;
  std::uint32_t epoch = 0;
  std::uint32_t cached_tokens = 0;  // expected in the engine's cache
};

// A stream could not reach the engine or lost it.
struct attempt_failed {
  std::uint8_t code = 0;  // errc
};

// The engine's process listens, or has ended (port 0).
struct engine_address {
  std::string host;
  std::uint16_t port = 0;
};

// Time to probe the engine; carries the number of the timer that is meant.
struct probe_tick {
  std::uint64_t number = 0;
};

// A probe came back; `number` says which.
struct probe_done {
  std::uint64_t number = 0;
  bool alive = false;
  std::uint8_t failure = 0;  // errc
  bool has_models = false;
  std::vector<model_card> models;
  engine_gauges gauges;
};

// A (new) router asks all proxies to report to it.
struct report_to_router {};

// ---- to a stream --------------------------------------------------------------------------------

// Ends the request under way; sent when a node stops and its patience is over.
struct stop_request {};

// ---- to an engine's process --------------------------------------------------------------------

// A (new) proxy asks where the process listens.
struct get_engine_address {};

}  // namespace troupe::actors
