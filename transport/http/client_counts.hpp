// How many connections each client address holds.
//
// Thread: that of its server. Bounds: an entry for each address with a connection, so no more than
// connections_max.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

struct sockaddr;

namespace troupe::transport::http {

// An address as far as one client is told from another by it: all of IPv4 (also where it comes as
// IPv6), the /64 network of IPv6, which one client has to itself.
struct client_address {
  std::array<std::uint8_t, 8> bytes{};
  bool is_v6 = false;

  friend bool operator==(const client_address&, const client_address&) = default;
};

// The same of a socket's address; of other families all are one.
client_address client_of(const sockaddr& peer);

// Of a connected socket.
client_address client_of(int socket);

class client_counts {
 public:
  explicit client_counts(std::size_t most) : most_{most} {}

  // Counts a connection; false, and not counted, where the client has its most already.
  bool enter(const client_address& client);
  void leave(const client_address& client);

  std::size_t clients() const { return counts_.size(); }

 private:
  struct hash {
    std::size_t operator()(const client_address& client) const;
  };

  std::size_t most_;
  std::unordered_map<client_address, std::size_t, hash> counts_;
};

}  // namespace troupe::transport::http
