#include "transport/zmq/refusal_log.hpp"

#include "runtime/log.hpp"

namespace troupe::transport::zmq {

bool refusal_log::take_turn(times& said_at, refusal_reason reason, time_point now) {
  auto& last = said_at[static_cast<std::size_t>(reason)];
  if (last && now - *last < pace) return false;
  last = now;
  return true;
}

void refusal_log::by_us(const link_refusal& refusal, const std::string& peer, time_point now) {
  if (!take_turn(by_us_, refusal.reason, now)) return;
  log::warn("a node was refused", {{"peer", peer}, {"why", refusal.text}});
}

void refusal_log::by_peer(const link_refusal& refusal, const std::string& peer, time_point now) {
  if (!take_turn(by_peer_, refusal.reason, now)) return;
  log::warn("a node refuses this one", {{"peer", peer}, {"why", refusal.text}});
}

}  // namespace troupe::transport::zmq
