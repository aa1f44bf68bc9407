// Cuts off connections to a listening socket that send a message without end (`unread_budget`).
//
// Thread: one at a time. Reads what has come from the kernel, for each connection at each look.
// Source: tcp(7), TCP_INFO; ZMQ_SRCFD says which connection a message came over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "transport/zmq/message_socket.hpp"
#include "transport/zmq/unread_budget.hpp"

namespace troupe::transport::zmq {

class connection_guard {
 public:
  // Of connections to this port.
  connection_guard(std::uint16_t port, const unread_budget::bounds& bounds)
      : port_{port}, budget_{bounds} {}

  void changed(const connection_event& event);
  void delivered(int connection) { budget_.delivered(connection); }

  // Looks at all connections; called now and then. Returns how many were cut off. Where
  // has_suspects() holds then, whole messages are to be read, and `all_read` to be called when
  // there are no more.
  std::size_t look();
  bool has_suspects() const { return budget_.has_suspects(); }
  std::size_t all_read() { return cut_off(budget_.judge(true)); }

 private:
  std::size_t cut_off(const std::vector<int>& connections) const;
  bool cut_off(int connection) const;

  const std::uint16_t port_;
  unread_budget budget_;
};

// Returns the port of an endpoint, 0 where there is none.
std::uint16_t port_of(std::string_view endpoint);

}  // namespace troupe::transport::zmq
