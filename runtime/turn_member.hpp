// Who wants to be told when a turn of an I/O thread ends (`turn_end`), without Asio's headers.
#pragma once

#include <memory>

namespace troupe {

class io_thread;

class turn_member {
 public:
  virtual ~turn_member() = default;

  // The handlers of everything that was ready have run, and the actors behind them.
  virtual void turn_ended() = 0;
};

// Tells the member once, at the end of the thread's turn. Called on that thread.
void at_turn_end(io_thread& thread, std::shared_ptr<turn_member> one);

}  // namespace troupe
