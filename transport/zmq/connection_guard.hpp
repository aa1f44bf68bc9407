// Cuts off connections that send a message without end (`unread_budget`).
//
// Thread: one at a time. Reads what has come from the kernel, for each connection at each look.
// Source: tcp(7), TCP_INFO; ZMQ_SRCFD says which connection a message came over.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "transport/zmq/message_socket.hpp"
#include "transport/zmq/unread_budget.hpp"

namespace troupe::transport::zmq {

class connection_guard {
 public:
  // Addresses of peers that were cut off.
  using addresses = std::vector<std::string>;

  explicit connection_guard(const unread_budget::bounds& bounds) : budget_{bounds} {}

  // Takes what a watch of the sockets said.
  void changed(const connection_event& event);

  // A whole message came over a connection.
  void delivered(int connection) { budget_.delivered(connection); }

  // Looks at all connections; called now and then. Where has_suspects() holds then, whole messages
  // are to be read, and all_read() to be called when there are no more.
  addresses look();
  bool has_suspects() const { return budget_.has_suspects(); }
  addresses all_read() { return cut_off(budget_.judge(true)); }

 private:
  addresses cut_off(const std::vector<int>& connections) const;

  unread_budget budget_;
  std::unordered_map<int, std::uint16_t> ports_;  // of either end, by descriptor
};

// Returns the port of an endpoint, 0 where there is none.
std::uint16_t port_of(std::string_view endpoint);

}  // namespace troupe::transport::zmq
