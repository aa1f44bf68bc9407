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

// Thread: any.
class refusal_counts {
 public:
  void add(refusal_reason reason) { of(reason).fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t operator[](refusal_reason reason) const { return counts_[index(reason)].load(); }

 private:
  static std::size_t index(refusal_reason reason) { return static_cast<std::size_t>(reason) - 1; }
  std::atomic<std::uint64_t>& of(refusal_reason reason) { return counts_[index(reason)]; }

  std::array<std::atomic<std::uint64_t>, refusal_reasons> counts_{};
};

// Counted since the start. Thread: any.
struct link_counts {
  std::atomic<std::uint64_t> frames_received{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> records_received{0};
  std::atomic<std::uint64_t> gaps{0};
  std::atomic<std::uint64_t> late{0};                 // frames that came behind later ones
  std::atomic<std::uint64_t> unknown_token{0};        // frames of incarnations that are not linked
  std::atomic<std::uint64_t> malformed{0};            // messages that are no frame of ours
  std::atomic<std::uint64_t> refused_keys{0};         // connections with another key
  std::atomic<std::uint64_t> refused_connections{0};  // that broke ZeroMQ's handshake
  std::atomic<std::uint64_t> failed_connections{0};   // of ours, refused by a peer
  std::atomic<std::uint64_t> letters_received{0};
  std::atomic<std::uint64_t> letters_dropped{0};  // of ours: their endpoint took no more
  refusal_counts refused_by_us;                   // hellos
  refusal_counts refused_by_peer;                 // our hellos
};

}  // namespace troupe::transport::zmq
