// One frame of a ZeroMQ message, sent and received without a copy of its bytes.
//
// Thread: one at a time. What a sent frame holds is let go of on ZeroMQ's own thread.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/shared_bytes.hpp"

namespace zmq {
class message_t;
}

namespace troupe::transport::zmq {

class message_frame {
 public:
  // An empty frame, to receive into.
  message_frame();

  // A frame over bytes that live as long as `owner`, which is held until ZeroMQ has sent them.
  message_frame(std::string_view bytes, const std::shared_ptr<const void>& owner);

  // A frame with a copy of the bytes.
  explicit message_frame(std::string_view bytes);

  ~message_frame();
  message_frame(message_frame&&) noexcept;
  message_frame& operator=(message_frame&&) noexcept;

  std::string_view view() const;

  // Tells whether another frame of the same message follows; of received ones.
  bool more() const;

  // Returns the descriptor of the connection it came over, -1 where that is not known. The number
  // may be another connection's by now.
  int connection() const;

  // Returns the bytes with what holds them, and leaves an empty frame.
  shared_bytes release();

 private:
  friend class message_socket;
  std::unique_ptr<::zmq::message_t> message_;
};

}  // namespace troupe::transport::zmq
