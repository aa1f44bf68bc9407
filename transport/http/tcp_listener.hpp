// A listening TCP socket on one io_context.
//
// Thread: the one that runs the io_context. Bounds: accepts at most a batch per wake-up; when the
// process is out of descriptors it waits a moment instead of spinning.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/errc.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::transport::http {

class tcp_listener {
 public:
  // Takes over an accepted, non-blocking socket.
  using acceptor = std::function<void(int socket)>;

  struct options {
    std::string address;     // literal, or "localhost"
    std::uint16_t port = 0;  // 0: the system chooses
    bool shared = false;     // SO_REUSEPORT
  };

  virtual ~tcp_listener() = default;

  // Binds and starts to accept. Errors: io_error naming address and port.
  static caf::expected<std::shared_ptr<tcp_listener>> open(boost::asio::io_context& context,
                                                           const options& where,
                                                           acceptor on_accept);

  virtual std::uint16_t port() const = 0;

  // Accepts what has connected already, and then no more; the function is not called again.
  virtual void close() = 0;
};

}  // namespace troupe::transport::http
