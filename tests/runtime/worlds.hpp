// Actor systems for tests: one on real I/O threads, one simulated with virtual time.
#pragma once

#include <chrono>
#include <cstddef>
#include <future>
#include <utility>

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "runtime/io_scheduler.hpp"

namespace troupe::testing {

// Longer than anything takes on a busy machine under a sanitizer; only a failing test waits so
// long.
inline constexpr std::chrono::seconds patience{60};

struct io_config : caf::actor_system_config {
  explicit io_config(std::size_t threads) { load_io_scheduler(*this, threads); }
};

struct io_world {
  explicit io_world(std::size_t threads = 1) : config{threads}, system{config} {}

  io_scheduler& scheduler() { return *io_scheduler::of(system); }
  io_thread& thread(std::size_t index = 0) { return scheduler().thread(index); }

  // Runs `f` on an I/O thread and returns what it returns.
  template <class F>
  auto on_thread(std::size_t index, F f) {
    std::packaged_task<decltype(f())()> work{std::move(f)};
    auto result = work.get_future();
    thread(index).post([w = std::move(work)]() mutable { w(); });
    EXPECT_EQ(result.wait_for(patience), std::future_status::ready);
    return result.get();
  }

  io_config config;
  caf::actor_system system;
};

struct sim_config : caf::actor_system_config {
  sim_config() { set("scheduler.policy", caf::atom("testing")); }
};

struct sim_world {
  // Lets actors nobody holds any more end: their system waits for them, and nobody else runs them.
  ~sim_world() { run(); }

  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }
  void run() { scheduler().run(); }
  void advance(std::chrono::milliseconds by) {
    scheduler().advance_time(by);
    scheduler().run();
  }

  sim_config config;
  caf::actor_system system{config};
};

// A value that an actor or a callback hands to the test.
template <class T>
class handed {
 public:
  void set(T value) { promise_.set_value(std::move(value)); }
  T get() {
    EXPECT_EQ(future_.wait_for(patience), std::future_status::ready);
    return future_.get();
  }

 private:
  std::promise<T> promise_;
  std::future<T> future_{promise_.get_future()};
};

}  // namespace troupe::testing
