// What of a node's configuration changes while it runs, for actors that are started again later.
//
// Thread: any; a lock guards it. Read when a router, a proxy or placement starts, written by
// node_admin.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "actors/router/routing_types.hpp"
#include "config/topology.hpp"

namespace troupe::apps {

// What an engine's proxy is told of its group's configuration.
actors::engine_settings settings_of(const config::engine_spec& engine);

class live_settings {
 public:
  explicit live_settings(config::router_spec router) : router_{std::move(router)} {}

  config::router_spec router() const;
  void set_router(config::router_spec router);

  // The groups of engines that run on whichever nodes live.
  std::vector<config::placed_spec> placed() const;
  void set_placed(std::vector<config::placed_spec> placed);

  // Returns what was set for an engine, else what its configuration says.
  actors::engine_settings of(const std::string& engine, const config::engine_spec& spec) const;
  void set(const std::string& engine, const actors::engine_settings& settings);
  void forget(const std::string& engine);

 private:
  mutable std::mutex mutex_;
  config::router_spec router_;
  std::vector<config::placed_spec> placed_;
  std::map<std::string, actors::engine_settings> engines_;
};

}  // namespace troupe::apps
