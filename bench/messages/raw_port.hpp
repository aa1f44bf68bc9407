// Where a plain cppzmq server listens.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <zmq.hpp>

namespace troupe::bench {

// Binds to a free port of loopback and says which.
inline void listen_anywhere(zmq::socket_t& socket,
                            const std::function<void(std::uint16_t)>& listening) {
  socket.bind("tcp://127.0.0.1:*");
  const auto endpoint = socket.get(zmq::sockopt::last_endpoint);
  listening(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
}

}  // namespace troupe::bench
