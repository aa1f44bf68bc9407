// Connections for letters to endpoints that no link of ours leads to.
//
// Thread: the home thread of the links.
// Bounds: `peers_max` endpoints; `waiting_bytes_max` bytes that wait for one of them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "runtime/clock.hpp"
#include "transport/zmq/connection_guard.hpp"
#include "transport/zmq/link_lane.hpp"
#include "transport/zmq/link_options.hpp"

namespace troupe::transport::zmq {

class letter_boxes {
 public:
  static constexpr std::size_t waiting_bytes_max = 4 * 1024 * 1024;

  // Both must outlive it.
  letter_boxes(message_context& context, const link_options& options)
      : context_{context}, options_{options} {}

  // Sends a frame to an endpoint; false where no more is taken for it, or it is none.
  bool send(const std::string& endpoint, std::string frame, time_point now);

  // Tells a guard what became of the connections.
  void read_events(connection_guard& guard);

  // Closes connections to which nothing was sent for long, and mends the others.
  void expire(time_point now);

  void close();

 private:
  struct box {
    std::shared_ptr<link_lane> lane;
    time_point used_at;
  };

  box* at(const std::string& endpoint);

  message_context& context_;
  const link_options& options_;
  std::map<std::string, box> boxes_;
};

}  // namespace troupe::transport::zmq
