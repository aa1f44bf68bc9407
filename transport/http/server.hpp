// An HTTP/1.1 server on one I/O thread: accepts, parses requests whole, writes answers whole or
// chunked.
//
// Thread: a server, its connections and their sessions live on the thread that runs the io_context;
// every call in either direction is made there.
// Bounds: config::http_limits; what exceeds them is answered (431, 413, 408) and closed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "config/limits.hpp"
#include "runtime/errc.hpp"
#include "transport/http/message.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::transport::http {

class tls_identity;

// The transport's side of one client connection. Valid for its session until session::on_close.
class connection {
 public:
  virtual ~connection() = default;

  // Answers the current request in one piece; head and body leave in one writev. Sets
  // Content-Length.
  virtual void send(response_head head, std::string body) = 0;

  // Answers it piece by piece: start, write*, finish. HTTP/1.1 clients get chunked encoding,
  // HTTP/1.0 ones an answer ended by close. Bytes are written at once where the socket takes them.
  virtual void start(response_head head) = 0;
  virtual void write(std::string_view bytes) = 0;
  virtual void finish() = 0;

  // Bytes accepted by write and not yet taken by the socket. A session stops reading its source
  // above a bound of its own and goes on in on_drain.
  virtual std::size_t queued_bytes() const = 0;

  // Drops the connection without a further byte.
  virtual void abort() = 0;

  // Address and port of the client, for logs.
  virtual std::string peer() const = 0;
};

// The user's side of one client connection.
class session {
 public:
  virtual ~session() = default;

  // A whole request came. The next one is not delivered before this one is answered.
  virtual void on_request(request message) = 0;

  // queued_bytes() fell to zero after it had been above zero.
  virtual void on_drain() {}

  // The answer under way is older than answer_timeout; the session is to end it. Told once.
  virtual void on_overdue() {}

  // The client left (also in mid-answer) or the connection failed or was closed; the last call.
  virtual void on_close() = 0;
};

using session_factory = std::function<std::shared_ptr<session>(connection&)>;

// Why a connection was closed before its client was done.
enum class closing : std::uint8_t {
  connections,         // over connections_max
  handshakes,          // over handshakes_max
  client_connections,  // over client_connections_max
  slow_request,        // header_timeout, body_timeout or receive_timeout
  slow_reader,         // write_timeout, drain_timeout or queued_bytes_max
};
std::string_view to_string(closing why);

// Told of each such connection, for metrics.
using closing_sink = std::function<void(closing why)>;

class server {
 public:
  server(boost::asio::io_context& context, const config::http_limits& limits,
         session_factory factory, closing_sink on_closing = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Speaks TLS on connections accepted from now on.
  void use_tls(std::shared_ptr<tls_identity> identity);

  // Binds with SO_REUSEADDR and, if shared, SO_REUSEPORT (one server per I/O thread on one port);
  // port 0 lets the system choose. Returns the bound port. Errors: io_error naming address and
  // port.
  caf::expected<std::uint16_t> listen(const std::string& address, std::uint16_t port, bool shared);

  // Takes the connections that wait to be accepted, and then no more. Those that are idle are
  // closed after a moment, for a request may be on its way; the others after their current answer,
  // which says so.
  void stop();

  // Calls the function once when, after stop(), the last connection is gone; at once (posted) if it
  // already is.
  void on_drained(std::function<void()> drained);

  // Drops all connections without a further byte.
  void abort();

  std::size_t connections() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace troupe::transport::http
