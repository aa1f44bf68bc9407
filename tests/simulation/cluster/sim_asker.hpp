// Asks the routers of other nodes again and again, and looks that each question is answered or
// known to be lost: never met by its own timer.
//
// Thread: one.
#pragma once

#include <map>
#include <string>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "runtime/registry.hpp"
#include "tests/simulation/cluster/sim_world.hpp"

namespace troupe::simulation {

// By name of the router: whether the last question was answered.
using asked_routers = std::map<std::string, bool>;

struct sim_asker_options {
  std::string node;
  registry* names = nullptr;       // these three outlive the actor
  sim_world* world = nullptr;      //
  asked_routers* asked = nullptr;  //
};

caf::actor spawn_sim_asker(caf::actor_system& system, sim_asker_options options);

}  // namespace troupe::simulation
