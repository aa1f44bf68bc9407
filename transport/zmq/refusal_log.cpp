#include "transport/zmq/refusal_log.hpp"

#include "runtime/log.hpp"

namespace troupe::transport::zmq {

namespace {

std::size_t index_of(const link_refusal& refusal) {
  return static_cast<std::size_t>(refusal.reason);
}

std::string_view text_of(connection_flaw flaw) {
  switch (flaw) {
    case connection_flaw::another_key:
      return "a connection with another cluster key was refused";
    case connection_flaw::no_handshake:
      return "a connection that cannot prove a cluster key, or broke the handshake, was refused";
    case connection_flaw::endless_message:
      break;
  }
  return "a connection over which too much of one message came was cut off";
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

void refusal_log::connection(connection_flaw flaw, const std::string& address, time_point now) {
  if (!take_turn(connections_[static_cast<std::size_t>(flaw)], now)) return;
  const bool is_here = flaw == connection_flaw::no_handshake;
  log::warn(text_of(flaw), {{is_here ? "at" : "from", address}});
}

void refusal_log::by_key(const std::string& endpoint, time_point now) {
  if (!take_turn(refused_there_, now)) return;
  log::warn("a node does not let this one connect: another cluster key, or only one has one",
            {{"endpoint", endpoint}});
}

}  // namespace troupe::transport::zmq
