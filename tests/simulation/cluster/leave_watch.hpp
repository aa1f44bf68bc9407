// Looks that nobody pays for a node that leaves in order.
//
// Where no other fault is near: its engines end without a request, get none once they drain and
// routers have heard of it, others take over in time, nobody holds it for dead, and no request
// fails while an engine serves or a node stands that can run one. A node that is told to leave
// twice ends its requests; nobody watches then.
//
// Thread: one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "runtime/membership/member_record.hpp"
#include "tests/simulation/cluster/fault_plan.hpp"
#include "tests/simulation/cluster/request_book.hpp"
#include "tests/simulation/cluster/sim_world.hpp"

namespace troupe::simulation {

class leave_watch {
 public:
  // How long after another fault, or a second signal, nothing is asked of leaves.
  static constexpr std::chrono::milliseconds aftermath{2'000};

  // How long a node must have been there to be known, and to know.
  static constexpr std::chrono::milliseconds settled{1'500};

  // How long an engine must have been there to be given requests by all.
  static constexpr std::chrono::milliseconds known_within{300};

  // Until routers have heard that an engine drains, and what they granted before has arrived.
  static constexpr std::chrono::milliseconds heard_within{5};

  // By reference, to outlive it.
  leave_watch(sim_world& world, const fault_plan& plan)
      : world_{world}, plan_{plan}, began_{world.events.now()} {}

  // ---- what nodes do ----

  void started(const std::string& node);
  void told_to_leave(const std::string& node);
  void drains(const std::string& node);
  void stopped(const node_id& node);   // in order
  void died(const std::string& node);  // or has stopped

  // It waits no longer for requests under way; for others to take over its engines.
  void gives_up_requests(const std::string& node);
  void gives_up_successors(const std::string& node);

  // Another holds for dead a life that is no more.
  void held_for_dead(const node_id& which, const node_id& by);

  // ---- what engines see ----

  // By the port where it listens; no two have the same.
  void serves(std::uint16_t engine, const std::string& node);
  void serves_no_more(std::uint16_t engine);

  // A stream of a node turns to an engine of another, or of its own.
  void asked(const std::string& node, const std::string& by);

  // An engine is ended with requests under way.
  void cut_short(const std::string& node, std::size_t requests);

  // A request has come to a node for an engine that is no longer there.
  void missed(const std::string& node);

  // ---- what clients see ----

  // A request failed; only looked at where no engine stalls, and not where all are full.
  void failed(const request_key& request, const std::string& how, time_point began);

 private:
  struct life {
    time_point since{};
    time_point leaves_since = time_point::max();
    time_point drains_since = time_point::max();
  };

  struct engine {
    std::string node;
    time_point since{};
  };

  bool is_calm() const;
  bool others_stand(const std::string& node) const;
  bool stands(const std::string& node, time_point since) const;
  bool can_serve(time_point began) const;

  sim_world& world_;
  const fault_plan& plan_;
  time_point began_;
  time_point impatient_until_{};
  std::map<std::string, life> lives_;  // of nodes that run
  std::set<node_id> stopped_;
  std::map<std::uint16_t, engine> engines_;
};

}  // namespace troupe::simulation
