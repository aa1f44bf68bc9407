// Who may connect: the handler that ZeroMQ asks about the key of each connection that comes.
//
// Thread: the home thread of the links. Until it has started no connection is let in.
// Source: ZAP 1.0 (rfc.zeromq.org/spec/27).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/zmq/cluster_key.hpp"
#include "transport/zmq/message_socket.hpp"
#include "transport/zmq/socket_watch.hpp"

namespace troupe::transport::zmq {

class key_guard {
 public:
  // Opens the handler of all sockets of a context; needed before they listen. Errors: io_error.
  static caf::expected<std::unique_ptr<key_guard>> open(message_context& context,
                                                        std::string public_key);

  // `refused` is told the address of who had another key.
  void start(io_thread& home, std::function<void(const std::string& address)> refused);

 private:
  key_guard(message_socket socket, std::string public_key)
      : socket_{std::move(socket)}, public_key_{std::move(public_key)} {}

  bool read();
  void answer(const std::vector<std::string>& question);

  message_socket socket_;
  const std::string public_key_;
  std::function<void(const std::string&)> refused_;
  std::unique_ptr<socket_watch> watch_;  // goes before its socket
};

}  // namespace troupe::transport::zmq
