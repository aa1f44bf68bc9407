// What runs on a simulated node, as apps/node_tree and apps/node build it: a root supervisor with
// the cluster, the router and the engines (a proxy and a process under a supervisor of their own),
// and the placement actor, which adds engines and takes them away.
//
// Thread: one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/registry.h>
#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "apps/live_settings.hpp"
#include "apps/node_events.hpp"
#include "apps/node_hosting.hpp"
#include "runtime/registry.hpp"
#include "runtime/supervisor.hpp"
#include "tests/simulation/cluster/model_engine.hpp"
#include "tests/simulation/cluster/mutations.hpp"

namespace troupe::simulation {

struct sim_tree_plan {
  bool has_router = false;
  std::vector<std::string> engines;         // of this node alone
  std::uint32_t requests_max = 0;           // of an engine
  std::vector<config::placed_spec> placed;  // of all nodes
};

class sim_tree {
 public:
  static constexpr std::chrono::milliseconds queue_timeout{1'000};

  // By reference, to outlive it.
  struct parts {
    caf::actor_system& system;
    sim_world& world;
    model_engines& engines;
    registry& names;
    const mutations& without;
    child_spec cluster;                             // what holds the node's life
    std::function<void(const caf::actor&)> follow;  // tells an actor of lives and nodes
    std::function<bool()> leaves;                   // whether the node hands over
    std::function<void(apps::node_event)> notify;   // of what its end waits for
  };
  sim_tree(parts p, const sim_tree_plan& plan, node_description node);

  // Kills all its actors; they must have run before it is destroyed.
  void kill();

  // ---- the steps of an orderly end, as apps/node has them ----

  void hand_over();
  void drain_engines();
  void stop();

  // Kills its router, or its proxies and what places: their supervisors start them again.
  void kill_actors();

  // Returns when its router was started last.
  time_point router_since() const { return router_since_; }

 private:
  child_spec made(const std::string& name) const;
  child_spec router_child();
  child_spec engine_child(const config::engine_spec& engine);
  child_spec proxy_child(const config::engine_spec& engine);
  child_spec child_of_process(const std::string& engine);
  child_spec placement_child(const std::vector<config::placed_spec>& placed);
  child_spec apart(const std::string& name, std::vector<child_spec> children);

  parts parts_;
  node_description node_;
  std::shared_ptr<prometheus::Registry> metrics_ = std::make_shared<prometheus::Registry>();
  apps::live_settings live_;
  supervisor_actor root_;
  caf::actor drain_;
  time_point router_since_{};
};

// Waits that end within a run.
apps::hosting_times sim_hosting_times();

}  // namespace troupe::simulation
