// Descriptors and a steady beat in the loop of an I/O thread: where links meet Asio.
//
// Thread: that of the loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "runtime/io_thread.hpp"

namespace troupe::transport::zmq {

// Calls back when a descriptor is readable, which it does not close.
class socket_watch {
 public:
  // `read` returns true where more is left to read: it is then called again in the next turn.
  socket_watch(io_thread& home, int descriptor, std::function<bool()> read);
  ~socket_watch();

  // Reads in the next turn as if it had become readable.
  void look();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

// Calls back at a steady pace.
class steady_beat {
 public:
  steady_beat(io_thread& home, std::chrono::milliseconds interval, std::function<void()> tick);
  ~steady_beat();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace troupe::transport::zmq
