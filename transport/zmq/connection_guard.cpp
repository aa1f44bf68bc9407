#include "transport/zmq/connection_guard.hpp"

#include <charconv>
#include <cstddef>
#include <optional>

#include <linux/tcp.h>
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

std::uint16_t own_port(int connection) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(connection, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
  if (address.ss_family != AF_INET6) return 0;
  return ntohs(reinterpret_cast<sockaddr_in6&>(address).sin6_port);
}

}  // namespace

void connection_guard::changed(const connection_event& event) {
  if (event.change == connection_change::opened) budget_.opened(event.descriptor);
  if (event.change == connection_change::down) budget_.closed(event.descriptor);
}

std::size_t connection_guard::look() {
  const auto count = cut_off(budget_.judge(false));
  budget_.measure(bytes_received);
  return count;
}

std::size_t connection_guard::cut_off(const std::vector<int>& connections) const {
  std::size_t count = 0;
  for (const auto one : connections) count += cut_off(one) ? 1 : 0;
  return count;
}

// ZeroMQ may close it at any time, and the number may be another's by now: what is looked at and
// what is shut down are one and the same only through a number of our own.
bool connection_guard::cut_off(int connection) const {
  const int ours = dup(connection);
  if (ours < 0) return false;
  const bool is_theirs = own_port(ours) == port_;
  if (is_theirs) shutdown(ours, SHUT_RDWR);
  close(ours);
  return is_theirs;
}

std::uint16_t port_of(std::string_view endpoint) {
  const auto colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return 0;
  std::uint16_t port = 0;
  std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
  return port;
}

}  // namespace troupe::transport::zmq
