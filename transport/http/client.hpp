// An HTTP/1.1 client on one I/O thread with a pool of keep-alive connections per endpoint.
//
// Thread: lives on the thread that runs the io_context; every call in either direction is made
// there. Bounds: config::client_limits (connect and idle time, header bytes, pooled connections).
#pragma once

#include <chrono>
#include <cstdint>
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

// Receives one answer. Exactly one of on_end and on_error is the last call; none follows cancel().
class exchange_handler {
 public:
  virtual ~exchange_handler() = default;
  // Takes status and fields, before any body.
  virtual void on_head(response_head head) = 0;

  // Bytes of the body, chunked encoding removed, valid during the call.
  virtual void on_body(std::string_view bytes) = 0;
  virtual void on_end() = 0;

  // connect_failed: no connection, so the request was not seen and may go elsewhere.
  // connection_lost, timeout, protocol_error: the engine may have seen the request. That holds
  // also for a pooled connection that turned out closed and could not be replaced.
  virtual void on_error(errc code, const std::string& text) = 0;
};

// A request under way. Dropping the last handle does not cancel it.
class exchange {
 public:
  virtual ~exchange() = default;

  // Closes the connection so that the upstream notices; the handler is not called again.
  virtual void cancel() = 0;

  // Stops and restarts reading the answer, for back-pressure.
  virtual void pause() = 0;
  virtual void resume() = 0;
};

struct exchange_options {
  std::chrono::milliseconds idle_timeout{
      0};  // without a byte of the answer; 0: the client's default
};

class tls_context;

// What is particular to one upstream.
struct upstream_profile {
  std::string authorization;  // sent with every request, never another's; empty: none
  std::shared_ptr<const tls_context> tls{};  // none: plain
};

class client {
 public:
  client(boost::asio::io_context& context, const config::client_limits& limits);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  // Says how an upstream is spoken to from now on; one that was never described is plain.
  void describe(const endpoint& at, upstream_profile profile);

  // Sends a request (Host and Content-Length are set here; the body goes out without a copy, so it
  // is kept alive by the shared pointer). The handler must outlive the exchange or cancel it.
  std::shared_ptr<exchange> start(const endpoint& to, const request& head,
                                  std::shared_ptr<const std::string> body,
                                  exchange_handler& handler, exchange_options options = {});

  // Closes pooled idle connections to an endpoint (it died or was removed).
  void forget(const endpoint& to);

  // Cancels everything, without a call to any handler.
  void abort();

  std::size_t open_connections() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace troupe::transport::http
