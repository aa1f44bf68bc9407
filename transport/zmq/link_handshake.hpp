// Who is let in, when we say hello, and in what order frames count. Pure: time is an argument.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "runtime/clock.hpp"
#include "transport/zmq/link_frame.hpp"

namespace troupe::transport::zmq {

// Returns why a hello is refused for what the two nodes are, nothing if it is not. Names the first
// type of messages that differs.
std::optional<link_refusal> flaw_of(const link_hello& theirs, const link_hello& ours);

// When our node says hello to one incarnation of a peer.
class greeting {
 public:
  struct pace {
    std::chrono::milliseconds unanswered{500};
    std::chrono::milliseconds refused{5'000};
  };

  explicit greeting(const pace& times) : pace_{times} {}

  // A connection is there: whoever is at its other end has not heard of us.
  void connected(time_point now);
  void disconnected() { is_connected_ = false; }

  void welcomed();
  void refused(time_point now);

  // The peer does not know our token.
  void forgotten(time_point now);

  // Tells whether to say hello now; then the next is due only later.
  bool take_due(time_point now);

  bool is_connected() const { return is_connected_; }

  // Tells whether the connection is there and the peer has answered.
  bool is_up() const { return is_connected_ && is_welcome_; }

 private:
  pace pace_;
  bool is_connected_ = false;
  bool is_welcome_ = false;
  std::optional<time_point> due_;
};

enum class arrival : std::uint8_t { next, after_gap, late };

// The numbers of a lane's frames, as they come in.
class frame_order {
 public:
  // Judges a frame by its number; a late one is not to be read.
  arrival take(std::uint64_t sequence);

 private:
  std::uint64_t expected_ = 0;
};

}  // namespace troupe::transport::zmq
