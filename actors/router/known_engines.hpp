// The engines a router knows by their proxies' reports, and what it tells of them.
//
// Thread: the router's. Both by reference, to outlive this. Bounds: those of router_core's roster,
// in which the engine that is longest away gives way to one that comes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/messages.hpp"
#include "actors/router/router_core.hpp"
#include "actors/router/router_metrics.hpp"

namespace troupe::actors {

class known_engines {
 public:
  // `home` is the node whose proxies are asked for each lease.
  known_engines(router_core& core, router_metrics& metrics, caf::node_id home)
      : core_{core}, metrics_{metrics}, home_{std::move(home)} {}

  // Takes in what a proxy says of its engine; true if the proxy is a new one. An engine more than
  // the roster holds is left out.
  bool take(engine_report& report, const engine_proxy_actor& proxy);

  // Returns the name of the engine whose proxy this was, empty where there is none.
  std::string name_of(const caf::actor_addr& proxy) const;

  // The proxy has ended. An engine that was taken from a node that stays is forgotten. One whose
  // node is gone, crashed or stopped in order, or whose proxy failed, is away with its cache and
  // may come back: until then its models are known, and not served by it.
  void end(const std::string& name, const caf::error& reason, time_point now);

  // Forgets those that have been away for ten minutes.
  void forget_away(time_point now);

  const engine_proxy_actor& proxy_of(engine_id id) const { return by_id_.at(id)->proxy; }

  // Returns the lease of a choice where the engine's proxy is on another node: its last report says
  // what it would say, and to ask it would cost a turn over the link.
  std::optional<engine_lease> lease_of(const decision& choice, std::uint32_t epoch) const;

  engine_proxy_actor proxy_of(const std::string& name) const;

  // Tells whether an engine has not said yet what it serves.
  bool is_starting() const;

  // Lists engines, and the models of those that are up, by name.
  model_listing list() const;

 private:
  struct entry {
    bool known = false;
    engine_id id{};
    bool up = false;
    bool node_leaves = false;
    std::optional<time_point> away_since;
    double kv_usage = 0;
    engine_proxy_actor proxy;
    engine_address address;
    std::vector<model_card> models;  // as it said last, maybe before it started anew
    bool has_said_models = false;    // since then
  };

  engine_config config_of(const engine_report& report, const entry& of) const;
  bool add(const engine_report& report, entry& to);
  void forget(const std::string& name);
  bool forget_longest_away();
  engine_status status_of(const std::string& name, const entry& of) const;

  router_core& core_;
  router_metrics& metrics_;
  caf::node_id home_;
  std::map<std::string, entry, std::less<>> engines_;  // nodes stay where they are
  std::map<engine_id, entry*> by_id_;
};

}  // namespace troupe::actors
