// CAF's execution unit on one I/O thread: the run queue of its actors.
//
// Drains after each completion handler, within a drain_budget. A drain that was cut short goes on
// behind the handlers that are ready by then, so that all of them run once before it.
//
// Actors that were slow lately wait in a queue of their own, which is no part of a drain: they run
// message by message in turns that the thread takes when it has nothing else to do (`slow_pace`).
// Who comes meets the one that runs just then, and none behind it.
//
// Thread: exec_later from any, the rest on the I/O thread (release_leftovers after it has ended).
// Bounds: wake-ups from other threads are coalesced: one posted handler for any number of enqueues.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

#include "runtime/clock.hpp"
#include "runtime/drain_budget.hpp"
#include "runtime/io_thread.hpp"
#include "runtime/slow_jobs.hpp"
#include "runtime/slow_pace.hpp"

namespace troupe {

class io_clock;

class io_unit final : public caf::execution_unit, public turn_listener {
 public:
  // All by reference, all to outlive the loop.
  struct parts {
    caf::actor_system& system;
    io_thread& thread;
    io_clock& clock;
    drain_budget budget;
  };
  explicit io_unit(const parts& p);

  // Returns the unit the caller runs on, null off the I/O threads.
  static io_unit* current();

  void exec_later(caf::resumable* job) override;
  void after_handler() override;
  caf::execution_unit* unit() override { return this; }

  // Time of the last clock read of this drain; nothing outside of a drain.
  bool draining() const { return draining_; }
  time_point drain_time() const { return drain_time_; }

  // Stops waking the thread: its loop has ended, what comes waits for release_leftovers.
  void close() { closed_.store(true); }

  // Cleans up what never ran; true if there was anything.
  bool release_leftovers();

 private:
  using queue = std::deque<caf::resumable*>;

  void put(caf::resumable* job);
  void take_inbox();
  void drain();
  void continue_later();
  void post_slow_turn();
  void run_slow();
  // Returns whether the actor has more to do: then it is to be put again.
  bool resume(caf::resumable* job, std::size_t messages_max);
  // Reads the clock; returns the time since it was read before.
  std::chrono::nanoseconds lap();

  io_thread& thread_;
  io_clock& clock_;
  drain_budget budget_;
  queue queue_, slow_queue_;
  bool draining_ = false;
  bool behind_ = false;         // a posted handler goes on with the queue
  bool slow_turn_due_ = false;  // a posted handler sees to the slow queue
  bool in_slow_turn_ = false;
  time_point drain_time_;
  slow_jobs slow_{budget_};
  slow_pace pace_{budget_};

  std::mutex inbox_mutex_;
  std::vector<caf::resumable*> inbox_;  // from other threads
  std::atomic<bool> inbox_filled_{false};
  std::vector<caf::resumable*> taken_;  // keeps its capacity
  std::atomic<bool> closed_{false};
};

}  // namespace troupe
