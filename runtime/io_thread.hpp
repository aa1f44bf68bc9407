// One I/O thread: an Asio io_context, the loop that runs it, and a hook after each handler.
//
// The loop is `run_one(); listener->after_handler();`, so code that only knows the io_context (the
// HTTP transport, timers, child processes) needs no wrapper for actors to be resumed after it.
// Works without an actor_system; with one, io_scheduler attaches a unit that runs actors here.
//
// Thread: post(), finish(), abort() and is_current() from any; the rest as each says. The context
// is made with BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO: sockets and timers are touched, closed and
// cancelled on this thread only (or before it starts); posting is safe from anywhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include <caf/fwd.hpp>

#include "runtime/task.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe {

// Called on the I/O thread after each completion handler.
class turn_listener {
 public:
  virtual ~turn_listener() = default;
  virtual void after_handler() = 0;

  // The unit that runs actors on this thread.
  virtual caf::execution_unit* unit() = 0;
};

class io_thread {
 public:
  explicit io_thread(std::size_t index = 0);
  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;

  // Aborts and joins where that has not been done.
  ~io_thread();

  std::size_t index() const { return index_; }
  boost::asio::io_context& context();

  // Runs a task on this thread, after those posted before it. Tasks still waiting when the thread
  // ends are destroyed without a call.
  void post(task fn);

  // Returns the I/O thread the caller runs on, null elsewhere.
  static io_thread* current();
  bool is_current() const { return current() == this; }

  // Starts the thread. Call once.
  void start();

  // Runs the loop on the calling thread instead, until finish() or abort().
  void run();

  // Lets the loop end once no handler, socket or timer is pending.
  void finish();

  // Ends the loop after the current handler, whatever is pending.
  void abort();

  // Joins the thread; false if it did not end in time.
  bool join_for(std::chrono::milliseconds limit);

  // Sets the listener, before the thread starts; it must outlive the loop.
  void attach(turn_listener* listener);

  // Returns the execution unit of the attached listener; null without an actor_system.
  caf::execution_unit* unit() const;

 private:
  struct state;
  std::size_t index_;
  std::unique_ptr<state> state_;
};

}  // namespace troupe
