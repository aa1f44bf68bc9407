// CAF's scheduler module on N I/O threads: actors run where their messages come from.
//
// Load it before the actor_system is made: `load_io_scheduler(cfg, threads)`. Enqueues from an I/O
// thread go to that thread's queue; from elsewhere round-robin. Pinned actors name their thread.
//
// Thread: any. Lifetime: threads and contexts live as long as the actor_system; destroy servers,
// clients and sockets on them before it.
// Bounds: drain_budget, so that actors never starve I/O.
// Source: CAF's default scheduler polls before it sleeps (0.85-1.9 ms of CPU for a lone message);
// bench/runtime/hop_bench compares the two.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include <caf/actor_system_config.hpp>
#include <caf/detail/type_list.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include "runtime/drain_budget.hpp"
#include "runtime/io_clock.hpp"
#include "runtime/io_thread.hpp"

namespace troupe {

class io_unit;

class io_scheduler : public caf::scheduler::abstract_coordinator {
 public:
  explicit io_scheduler(caf::actor_system& system);
  ~io_scheduler() override;

  std::size_t threads() const { return threads_.size(); }
  io_thread& thread(std::size_t index);

  // Returns the thread of this scheduler the caller runs on, null elsewhere.
  io_thread* current() const;

  // Returns the scheduler of a system, null where another one is loaded (simulation).
  static io_scheduler* of(caf::actor_system& system);

  io_clock& clock() noexcept override { return clock_; }

  // CAF's hooks.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);
  void init(caf::actor_system_config& config) override;
  void start() override;
  void stop() override;
  void enqueue(caf::resumable* job) override;

 private:
  void join_threads();
  void release_leftovers();

  std::vector<std::unique_ptr<io_thread>> threads_;
  io_clock clock_;
  std::vector<std::unique_ptr<io_unit>> units_;
};

// Loads the scheduler with so many threads (at least one).
void load_io_scheduler(caf::actor_system_config& config, std::size_t threads);

}  // namespace troupe
