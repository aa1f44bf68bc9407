// The event loop of a benchmark: runs until something holds, wakes up when asked, and knows Ctrl-C.
//
// Thread: one, the one that made it. While it lives, SIGINT and SIGTERM no longer end the process;
// the second of them does.
#pragma once

#include <functional>
#include <memory>

#include "runtime/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::apps::bench {

class run_loop {
 public:
  // Calls back once for each time it is set to.
  class alarm {
   public:
    virtual ~alarm() = default;

    // Sets it, instead of a time set before.
    virtual void set(time_point when) = 0;
    virtual void clear() = 0;
  };

  run_loop();
  ~run_loop();
  run_loop(const run_loop&) = delete;
  run_loop& operator=(const run_loop&) = delete;

  boost::asio::io_context& context();

  // Runs handlers until the condition holds; it is looked at after each of them.
  void run_until(const std::function<bool()>& condition);

  // Makes an alarm, which must go before the loop.
  std::unique_ptr<alarm> make_alarm(std::function<void()> call);

  // Calls back at the first signal from now on.
  void on_interrupt(std::function<void()> call);
  bool is_interrupted() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::apps::bench
