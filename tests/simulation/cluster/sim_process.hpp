// Stands for actors/engine_proxy/engine_process: owns a modelled engine instead of an OS process.
//
// Its engine listens some time after the start, or dies where a fault has it die. The actor ends
// with process_died when its engine does.
//
// Thread: one.
#pragma once

#include <string>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "runtime/registry.hpp"
#include "tests/simulation/cluster/model_engine.hpp"

namespace troupe::simulation {

struct sim_process_options {
  std::string engine;
  node_description node;
  registry* names = nullptr;         // these two outlive the actor
  model_engines* engines = nullptr;  //
  bool orphans = false;              // a mutation: the engine outlives the actor
};

caf::actor spawn_sim_process(caf::actor_system& system, sim_process_options options);

}  // namespace troupe::simulation
