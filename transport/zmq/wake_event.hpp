// A file descriptor that wakes a thread which waits for sockets.
//
// Thread: set from any; the rest from the thread that waits.
#pragma once

namespace troupe::transport::zmq {

class wake_event {
 public:
  wake_event();
  ~wake_event();
  wake_event(const wake_event&) = delete;
  wake_event& operator=(const wake_event&) = delete;

  // Makes the descriptor readable.
  void set();

  // Makes it unreadable again.
  void clear();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace troupe::transport::zmq
