#include "transport/http/client_counts.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

namespace troupe::transport::http {

namespace {

client_address of_v4(const std::uint8_t* bytes) {
  client_address out;
  std::copy_n(bytes, 4, out.bytes.begin());
  return out;
}

client_address of_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return of_v4(address.s6_addr + 12);
  client_address out;
  std::copy_n(address.s6_addr, out.bytes.size(), out.bytes.begin());
  out.is_v6 = true;
  return out;
}

}  // namespace

client_address client_of(const sockaddr& peer) {
  if (peer.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &peer, sizeof v4);
    return of_v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
  }
  if (peer.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &peer, sizeof v6);
    return of_v6(v6.sin6_addr);
  }
  return {};
}

client_address client_of(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
  return client_of(reinterpret_cast<const sockaddr&>(peer));
}

bool client_counts::enter(const client_address& client) {
  const auto [found, is_new] = counts_.try_emplace(client, 0);
  if (found->second >= most_) return false;
  ++found->second;
  return true;
}

void client_counts::leave(const client_address& client) {
  const auto found = counts_.find(client);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

std::size_t client_counts::hash::operator()(const client_address& client) const {
  const std::string_view bytes{reinterpret_cast<const char*>(client.bytes.data()),
                               client.bytes.size()};
  return std::hash<std::string_view>{}(bytes) ^ (client.is_v6 ? 1U : 0U);
}

}  // namespace troupe::transport::http
