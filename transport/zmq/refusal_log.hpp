// Says in the log who was refused, once in a while for each reason: peers try again and again.
//
// Thread: one at a time.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "runtime/clock.hpp"
#include "transport/zmq/link_frame.hpp"

namespace troupe::transport::zmq {

class refusal_log {
 public:
  static constexpr std::chrono::seconds pace{10};

  // A peer's hello was refused by us, or ours by a peer.
  void by_us(const link_refusal& refusal, const std::string& peer, time_point now);
  void by_peer(const link_refusal& refusal, const std::string& peer, time_point now);

  // A connection to us was refused, or one of ours by a peer, before any hello.
  void connection(connection_flaw flaw, const std::string& address, time_point now);
  void by_key(const std::string& endpoint, time_point now);

 private:
  using last = std::optional<time_point>;
  using times = std::array<last, refusal_reasons + 1>;  // reasons count from 1

  static bool take_turn(last& said_at, time_point now);

  times by_us_;
  times by_peer_;
  std::array<last, connection_flaws + 1> connections_;
  last refused_there_;
};

}  // namespace troupe::transport::zmq
