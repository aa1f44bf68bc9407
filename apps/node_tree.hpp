// The supervision tree of a node, made from its topology.
//
//   node (the file's strategy) ── admin (one_for_one, never gives up) ── admin/api
//                              ├─ router
//                              ├─ engine/NAME (one_for_one, never gives up) ── engine/NAME/proxy
//                              │                                            └─ engine/NAME/process
//                              └─ …            (process: embedded engines only)
//
// An engine that keeps dying is restarted with back-off for ever and takes nothing else down; so is
// the admin actor.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <prometheus/registry.h>

#include "apps/live_settings.hpp"
#include "config/topology.hpp"
#include "runtime/child_process.hpp"
#include "runtime/io_scheduler.hpp"
#include "runtime/registry.hpp"
#include "runtime/supervisor.hpp"
#include "transport/http/client.hpp"

namespace troupe::apps {

// What the actors of the tree need; must outlive the actor_system.
struct node_resources {
  const config::node_spec& spec;
  live_settings& live;
  std::string program;  // path of this binary
  registry& names;
  std::shared_ptr<prometheus::Registry> metrics;
  io_thread& home;                  // watches processes, probes engines
  transport::http::client& client;  // of that thread
};

// The command that starts one embedded engine of a group.
child_process_spec engine_command(const std::string& program, const config::node_spec& node,
                                  const config::engine_spec& group);

// Host and port of an engine's URL, which the configuration has checked.
transport::http::endpoint engine_endpoint(const std::string& url);

// The child that runs one engine, with its proxy and, where it is ours, its process.
child_spec engine_child(const node_resources& resources, const config::engine_spec& engine);

// The root of the tree; `admin` is the actor behind the admin API.
supervisor_spec make_tree(const node_resources& resources, const child_spec& admin);

}  // namespace troupe::apps
