// What links over ZeroMQ count, and for what reasons a hello is refused.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::transport::zmq {

enum class refusal_reason : std::uint8_t {
  protocol = 1,  // another version of these frames or of the messages
  cluster,       // another cluster
  catalogue,     // other types of messages
  ended,         // the incarnation is held for ended, or a later one is known
  itself,        // a node reached its own endpoint, or another of its name
  too_many,      // as many peers as are taken
  endpoint,      // the endpoint it names is none that we can connect to
};
inline constexpr std::size_t refusal_reasons = 7;

// Returns the enumerator's name, as metrics spell it.
std::string_view to_string(refusal_reason reason);

// Why a connection to us came to nothing.
enum class connection_flaw : std::uint8_t {
  another_key = 1,  // than the cluster's
  no_handshake,     // it broke ZeroMQ's, or proved no key
  endless_message,  // it sent too much of one
};
inline constexpr std::size_t connection_flaws = 3;

// How often each reason of a kind was met; its enumerators count from 1. Thread: any.
template <class Reason, std::size_t Reasons>
class reason_counts {
 public:
  void add(Reason reason) { counts_[index(reason)].fetch_add(1, std::memory_order_relaxed); }
  const std::atomic<std::uint64_t>& operator[](Reason reason) const {
    return counts_[index(reason)];
  }

 private:
  static std::size_t index(Reason reason) { return static_cast<std::size_t>(reason) - 1; }

  std::array<std::atomic<std::uint64_t>, Reasons> counts_{};
};
using refusal_counts = reason_counts<refusal_reason, refusal_reasons>;
using connection_counts = reason_counts<connection_flaw, connection_flaws>;

// Counted since the start. Thread: any.
struct link_counts {
  std::atomic<std::uint64_t> frames_received{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> records_received{0};
  std::atomic<std::uint64_t> gaps{0};
  std::atomic<std::uint64_t> late{0};                // frames that came behind later ones
  std::atomic<std::uint64_t> unknown_token{0};       // frames of incarnations that are not linked
  std::atomic<std::uint64_t> malformed{0};           // messages that are no frame of ours
  std::atomic<std::uint64_t> failed_connections{0};  // of ours, refused by a peer
  std::atomic<std::uint64_t> letters_received{0};
  std::atomic<std::uint64_t> letters_dropped{0};  // of ours: their endpoint took no more
  connection_counts refused_connections;          // to us
  refusal_counts refused_by_us;                   // hellos
  refusal_counts refused_by_peer;                 // our hellos
};

}  // namespace troupe::transport::zmq
