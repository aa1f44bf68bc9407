// The network between simulated nodes: who is there, what is cut, slow or lossy, who is paused.
//
// A cut is one way, and shorter than a connection's patience it only delays; longer, the connection
// breaks and what waited is lost, which the receiver learns as a gap. A paused node gets what came
// meanwhile when it goes on.
//
// Thread: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/membership/member_record.hpp"
#include "tests/simulation/cluster/sim_world.hpp"

namespace troupe::simulation {

class sim_links;

using way = std::pair<std::string, std::string>;  // from node, to node

class sim_network {
 public:
  static constexpr std::chrono::microseconds delay_min{100};
  static constexpr std::chrono::microseconds delay_max{600};

  explicit sim_network(sim_world& world) : world{world} {}
  sim_network(const sim_network&) = delete;
  sim_network& operator=(const sim_network&) = delete;

  // ---- faults; each counts how often it was begun, so that they may overlap ----

  void cut(const way& which) { ++cuts_[which]; }
  void mend(const way& which);
  void slow(const way& which, std::chrono::microseconds by) { slow_[which] += by; }
  void lose(const way& which, double probability) { loss_[which] += probability; }
  void pause(const std::string& node) { ++paused_[node]; }
  void resume(const std::string& node);

  bool is_cut(const std::string& from, const std::string& to) const;
  bool is_paused(const std::string& node) const;
  bool loses(const std::string& from, const std::string& to);
  std::chrono::microseconds delay(const std::string& from, const std::string& to);

  // ---- nodes ----

  // Returns the links of the life at an endpoint; null where there is none.
  sim_links* at(const std::string& endpoint) const;

  // Runs `happen` with the links of that life: at once, later where it is paused, never where it
  // has ended.
  void deliver(const node_description& to, std::function<void(sim_links&)> happen);
  void deliver(const std::string& endpoint, std::function<void(sim_links&)> happen);

  // ---- processes: nodes, whatever their lives ----

  // Counts a node's process as running, until node_died().
  void add_process(const std::string& node) { processes_.insert(node); }

  // Runs `happen` in a node's process: at once, later where it is paused, never where it has died.
  void run_on(const std::string& node, std::function<void()> happen);

  // The process of a life has died: its peers' connections break.
  void node_died(const node_description& which);

  std::uint64_t records_lost = 0;  // for good
  std::uint64_t asks_failed = 0;   // by gaps, answered or not

  sim_world& world;

  // Told that a node holds another, or the others itself, for dead.
  std::function<void(const node_id& which, const node_id& by)> on_verdict{};
  // Mutations.
  bool ended_come_back = false;  // links to ended incarnations are made anew
  bool zombies_speak = false;    // what comes of an ended attempt still passes

 private:
  friend class sim_links;

  std::map<std::string, sim_links*> nodes_;  // by endpoint
  std::map<way, int> cuts_;
  std::map<way, std::chrono::microseconds> slow_;
  std::map<way, double> loss_;
  std::map<std::string, int> paused_;
  std::set<std::string> processes_;
  std::map<std::string, std::vector<std::function<void()>>> backlog_;  // by node
};

}  // namespace troupe::simulation
