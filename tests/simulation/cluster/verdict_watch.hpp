// Looks whether membership's verdicts on nodes that live are justified by what was done to them.
//
// A node that lives may be held for dead where faults touched it or who says so: its process stood
// still, its links were cut, slow or lossy, for longer than suspicion waits. What is done to a
// third node never excuses it, and neither does a short fault.
//
// Thread: one.
#pragma once

#include <chrono>
#include <string>

#include "runtime/membership/membership.hpp"
#include "tests/simulation/cluster/fault_plan.hpp"
#include "tests/simulation/cluster/sim_world.hpp"

namespace troupe::simulation {

class verdict_watch {
 public:
  // Shorter silences of a node must not end it: less than probe_timeout and the least suspicion of
  // one whose connection broke.
  static constexpr std::chrono::milliseconds silence_max{700};

  // After this much of it a node may be suspected: probe_timeout. Where half of all are that far,
  // who hears whom first decides.
  static constexpr std::chrono::milliseconds suspected_after{450};

  // How long after a fault its verdicts may still be under way.
  static constexpr std::chrono::milliseconds aftermath{3'000};

  // By reference, to outlive it.
  verdict_watch(sim_world& world, const fault_plan& plan)
      : world_{world}, plan_{plan}, began_{world.events.now()} {}

  // `by` holds that node for down, or for itself that the others do so, and it lives.
  void held_for_dead(const node_id& which, const node_id& by);

 private:
  bool touches(const fault& one, const std::string& node) const;
  std::chrono::milliseconds silence_of(const std::string& node) const;

  sim_world& world_;
  const fault_plan& plan_;
  time_point began_;
};

}  // namespace troupe::simulation
