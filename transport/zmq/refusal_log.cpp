#include "transport/zmq/refusal_log.hpp"

#include "runtime/log.hpp"

namespace troupe::transport::zmq {

namespace {

std::size_t index_of(const link_refusal& refusal) {
  return static_cast<std::size_t>(refusal.reason);
}

}  // namespace

bool refusal_log::take_turn(last& said_at, time_point now) {
  if (said_at && now - *said_at < pace) return false;
  said_at = now;
  return true;
}

void refusal_log::by_us(const link_refusal& refusal, const std::string& peer, time_point now) {
  if (!take_turn(by_us_[index_of(refusal)], now)) return;
  log::warn("a node was refused", {{"peer", peer}, {"why", refusal.text}});
}

void refusal_log::by_peer(const link_refusal& refusal, const std::string& peer, time_point now) {
  if (!take_turn(by_peer_[index_of(refusal)], now)) return;
  log::warn("a node refuses this one", {{"peer", peer}, {"why", refusal.text}});
}

void refusal_log::connection(bool has_another_key, const std::string& address, time_point now) {
  if (!take_turn(has_another_key ? another_key_ : no_handshake_, now)) return;
  log::warn(
      has_another_key
          ? "a connection with another cluster key was refused"
          : "a connection that cannot prove a cluster key, or broke the handshake, was refused",
      {{has_another_key ? "from" : "at", address}});
}

void refusal_log::by_key(const std::string& endpoint, time_point now) {
  if (!take_turn(refused_there_, now)) return;
  log::warn("a node does not let this one connect: another cluster key, or only one has one",
            {{"endpoint", endpoint}});
}

}  // namespace troupe::transport::zmq
