// TLS over a plain stream, behind the same interface: whoever uses a tcp_stream need not know.
//
// OpenSSL sees no socket: what the plain stream reads is handed to it, what it writes is handed to
// the plain stream, in both directions without a buffer that outlives the call. A peer that goes
// without TLS's own goodbye has been cut off: that is loss::read, never loss::end.
//
// Thread: that of the io_context. Bounds: one buffer for what was received, one record's worth of
// plain bytes at a time on their way to the socket, the handshake's time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "transport/http/tcp_stream.hpp"
#include "transport/http/tls_context.hpp"

namespace troupe::transport::http {

struct tls_accept {
  std::shared_ptr<const tls_context> context;
  std::chrono::milliseconds handshake_timeout;
  std::shared_ptr<void> slot;  // let go when the handshake is over
};

// Takes over an accepted socket. The owner reads and writes from the start; until the handshake is
// over nothing comes, and what cannot become TLS is lost.
std::shared_ptr<tcp_stream> adopt_tls(boost::asio::io_context& context, int socket,
                                      tcp_stream::owner& user, tls_accept how);

struct tls_target {
  std::vector<std::string> addresses;  // literal
  std::uint16_t port = 0;
  std::string host;  // the name or address its certificate must be for
  std::shared_ptr<const tls_context> context;
};

// Connects; on_connected comes after the handshake, once the server's certificate is known to be
// good. Everything before is loss::connect.
std::shared_ptr<tcp_stream> connect_tls(boost::asio::io_context& context, tls_target target,
                                        tcp_stream::owner& user);

}  // namespace troupe::transport::http
