#include "transport/zmq/connection_guard.hpp"

#include <charconv>
#include <cstddef>
#include <optional>

#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::transport::zmq {

namespace {

std::optional<std::uint64_t> bytes_received(int connection) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) {
    return std::nullopt;  // a kernel before 4.1
  }
  return info.tcpi_bytes_received;
}

struct tcp_end {
  std::string address;
  std::uint16_t port = 0;
};

// `name` is getsockname or getpeername.
tcp_end end_of(int connection, decltype(&getsockname) name) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (name(connection, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  const int failed = getnameinfo(reinterpret_cast<sockaddr*>(&storage), size, host, sizeof host,
                                 port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  if (failed != 0) return {};
  return {host, port_of(std::string{":"} + port)};
}

}  // namespace

void connection_guard::changed(const connection_event& event) {
  if (event.change == connection_change::opened) {
    budget_.opened(event.descriptor);
    ports_[event.descriptor] = port_of(event.endpoint);
  } else if (event.change == connection_change::down) {
    budget_.closed(event.descriptor);
    ports_.erase(event.descriptor);
  }
}

connection_guard::addresses connection_guard::look() {
  auto done = cut_off(budget_.judge(false));
  budget_.measure(bytes_received);
  return done;
}

// ZeroMQ may close one at any time, and its number may be another's by now: what is looked at and
// what is shut down are one and the same only through a number of our own.
connection_guard::addresses connection_guard::cut_off(const std::vector<int>& connections) const {
  addresses done;
  for (const auto one : connections) {
    const auto port = ports_.find(one);
    const int ours = port != ports_.end() ? dup(one) : -1;
    if (ours < 0) continue;
    const auto peer = end_of(ours, getpeername);
    if (peer.port == port->second || end_of(ours, getsockname).port == port->second) {
      shutdown(ours, SHUT_RDWR);
      done.push_back(peer.address);
    }
    close(ours);
  }
  return done;
}

std::uint16_t port_of(std::string_view endpoint) {
  const auto colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return 0;
  std::uint16_t port = 0;
  std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
  return port;
}

}  // namespace troupe::transport::zmq
