// The supervision tree of a node, made from its topology.
//
//   node (the file's strategy) ── cluster (one_for_one, never gives up) ── cluster/member
//                              ├─ admin (the same) ── admin/api
//                              ├─ router
//                              ├─ engine/NAME (the same) ── engine/NAME/proxy
//                              │                         └─ engine/NAME/process  (embedded ones)
//                              ├─ placement (the same) ── placement/hosting
//                              └─ …  (engines that are placed or added)
//
// An engine that keeps dying is restarted with back-off for ever and takes nothing else down; so
// are those that are no engines. The cluster is first, and thus ends last: it says farewell. It and
// placement are only there where the file wants them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  bool in_cluster = false;          // with engines of other nodes
};

// The command that starts one embedded engine of a group.
child_process_spec engine_command(const std::string& program, const config::node_spec& node,
                                  const config::engine_spec& group);

// Host and port of an engine's URL, which the configuration has checked.
transport::http::endpoint engine_endpoint(const std::string& url);

// The child that runs one engine, with its proxy and, where it is ours, its process.
child_spec engine_child(const node_resources& resources, const config::engine_spec& engine);

// Children under a supervisor of their own, which restarts them for ever and takes nobody along.
child_spec apart(const node_resources& resources, const std::string& name,
                 std::vector<child_spec> children);

// What counts restarts in the metrics.
std::function<void(const std::string& child)> restart_counter(const node_resources& resources);

// The root of the tree, without placement; `admin` is the actor behind the admin API.
supervisor_spec make_tree(const node_resources& resources, const child_spec& admin,
                          const std::optional<child_spec>& cluster = std::nullopt);

}  // namespace troupe::apps
