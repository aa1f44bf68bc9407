// CAF's clock on the I/O threads: one heap of timers and one Asio timer per thread.
//
// Arming goes to the caller's own thread (thread 0 for callers that are no I/O thread), cancelling
// looks there first. Who armed nothing pays one relaxed load per thread for a cancel. A thread's
// Asio timer is set once per turn, and only if the earliest deadline moved forward: a request
// answered within the turn never reaches the kernel.
//
// Thread: any. Bounds: 256 expiries a turn, the rest in the next.
// now() is cached while a thread drains its actors: at most a few resumes old.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <caf/actor_clock.hpp>

#include "runtime/timer_heap.hpp"

namespace troupe {

class io_thread;

// Sums over all threads since the start, except `armed`: what is pending now.
struct timer_counts {
  std::uint64_t armed = 0;
  std::uint64_t armed_total = 0;
  std::uint64_t fired = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t kernel_timers_set = 0;
  std::uint64_t lag_ns_total = 0;  // how late the fired ones were
  std::uint64_t lag_ns_max = 0;
};

class io_clock : public caf::actor_clock {
 public:
  // One shard for each thread, in order of their index; the threads must outlive the clock's use.
  explicit io_clock(const std::vector<std::unique_ptr<io_thread>>& threads);
  ~io_clock() override;

  timer_counts counts() const;
  std::size_t armed() const { return counts().armed; }

  // Sends off what is due on a thread; called there after each handler, before its actors run.
  void send_due(std::size_t index, caf::execution_unit* unit);

  // Sets a thread's Asio timer to its earliest deadline; called there after its actors have run.
  void set_kernel_timer(std::size_t index);

  // Drops all timers and refuses new ones.
  void close();

  // Cancels a thread's Asio timer; called there.
  void cancel_kernel_timer(std::size_t index);

  // Destroys the Asio timers; called when the threads have ended and before their contexts go.
  void release();

  // caf::actor_clock
  time_point now() const noexcept override;
  void set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point due, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point due, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point due, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

 private:
  struct shard;

  shard* own_shard() const;
  void arm(timer_entry entry);
  void cancel(const timer_key& key);

  std::vector<std::unique_ptr<shard>> shards_;
  std::atomic<bool> closed_{false};
};

}  // namespace troupe
