// An actor system without threads: jobs run when the test says so, time stands still until told.
#pragma once

#include <chrono>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/messages.hpp"

namespace troupe::actors {

class simulated_system {
 public:
  simulated_system() : system_{configure(config_)}, self_{system_} {}

  caf::actor_system& operator*() { return system_; }
  caf::scoped_actor& self() { return self_; }

  // Runs until no actor has anything to do.
  void run() { coordinator().run(); }

  // Lets time pass, with all that falls due in it.
  void advance(std::chrono::milliseconds time) {
    coordinator().advance_time(time);
    coordinator().run();
  }

  // The time as the actors see it.
  auto now() { return coordinator().clock().now(); }

  caf::scheduler::test_coordinator& coordinator() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    config.add_message_types<caf::id_block::troupe>();
    return config;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
};

}  // namespace troupe::actors
