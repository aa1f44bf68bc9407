// Which placed engines a node runs, and what it has to do next.
//
// The placement is computed anew once the view of the cluster has settled. An engine that is placed
// here is started. One that has moved to another node serves on until routers hold its successor to
// be up, then drains, then is stopped; one that comes back meanwhile simply stays.
//
// Where this node leaves, all it runs moves. What no other node may run has no successor and serves
// to the end.
//
// A new life of this node in the cluster begins with an empty view, and what it runs goes on until
// the others have been heard of.
//
// Pure. Bounds: those of placement_limits; each wait has one in hosting_times.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/router_answers.hpp"
#include "config/topology.hpp"
#include "runtime/clock.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/placement/placement_change.hpp"

namespace troupe::apps {

struct hosting_times {
  std::chrono::milliseconds settle{300};           // without news, before the view counts
  std::chrono::milliseconds settle_max{3'000};     // with news; also alone, after the start
  std::chrono::milliseconds retry{5'000};          // after an engine could not be started
  std::chrono::milliseconds handover_max{60'000};  // then it drains, successor or not
  std::chrono::milliseconds drain_max{600'000};    // then it is stopped with what it has
};

struct hosting_step {
  enum class kind {
    start,
    hand_over,  // `successor` runs elsewhere; it serves on meanwhile
    drain,      // no new requests
    resume,     // requests again
    stop,
    resettle  // another weight or bound
  };
  kind what = kind::start;
  config::engine_spec engine{};  // named as it runs here, alone
  std::string successor{};       // an engine; empty: none
};

class node_hosting {
 public:
  node_hosting(const std::vector<config::placed_spec>& placed, hosting_times times);

  // An engine of this node runs already: whoever decided before this one started it. Others than
  // placed ones are passed over.
  void adopt(const std::string& node, const std::string& engine, bool is_draining, time_point now);

  // This node begins a life in the cluster and is to hear of the others.
  void begin(placement_node self, time_point now);

  // Another node has come, with a higher incarnation where it was there before.
  void up(placement_node node, time_point now);

  // That incarnation of it has ended, or leaves.
  void gone(const node_id& node, time_point now);

  // There are other groups now, or they are other engines. An engine whose group is gone drains and
  // stops; one that is to be another does so, and then starts.
  void change_groups(const std::vector<config::placed_spec>& placed, time_point now);

  // This node leaves.
  void leave(time_point now);

  // True where it leaves and engines wait for their successors.
  bool is_handing_over() const;

  // Returns when settle() is to be called, if at all.
  std::optional<time_point> due() const { return due_; }

  // Computes the placement and returns what it means here. REQUIRES: begin().
  std::vector<hosting_step> settle(time_point now);

  // True while engines are on their way out, so that routers are to be asked.
  bool is_moving() const;

  // Takes what routers say, and returns what is to be done with those on their way out.
  std::vector<hosting_step> poll(const router_answers& routers, time_point now);

  // The engine could not be started; it is tried again.
  void not_started(const std::string& engine, time_point now);

  // The engine has been stopped; returns its start where it is wanted again.
  std::vector<hosting_step> stopped(const std::string& engine);

  // The engine could not be stopped; poll() tries again.
  void not_stopped(const std::string& engine, time_point now);

  // What the last placement could not place.
  const std::vector<shortage>& shortages() const { return last_.shortages; }

 private:
  enum class phase { running, handing_over, draining, stopping };
  struct hosted {
    instance which;
    config::engine_spec engine{};  // as it was started
    phase now = phase::running;
    std::string successor{};
    time_point deadline{};
    bool is_wanted = false;  // again, once it has stopped
  };

  config::engine_spec engine_of(const instance& which) const;
  void set_groups(const std::vector<config::placed_spec>& placed);
  void follow_groups(time_point now, std::vector<hosting_step>& steps);
  placement before() const;
  void hand_over(const instance_drain& move, time_point deadline, std::vector<hosting_step>& steps);
  void give_up(const instance& what, time_point deadline, std::vector<hosting_step>& steps);
  void keep(const instance& what, const placement& next);
  void wait(time_point now);
  void take(const instance& which, std::vector<hosting_step>& steps);

  std::map<std::string, config::engine_spec> groups_;
  std::vector<placed_actor> actors_;
  hosting_times times_;
  placement_node self_;
  std::map<std::string, placement_node> others_;
  placement last_;
  bool is_leaving_ = false;
  std::map<std::string, hosted> hosted_;  // by the engine's name
  std::optional<time_point> due_;
  time_point latest_{};
};

}  // namespace troupe::apps
