#include "transport/zmq/link_handshake.hpp"

#include <algorithm>
#include <string>

namespace troupe::transport::zmq {

namespace {

std::string quoted(const std::string& text) {
  return "\"" + text.substr(0, 64) + "\"";
}

std::string first_difference(const message_catalogue& theirs, const message_catalogue& ours) {
  const auto& a = theirs.names;
  const auto& b = ours.names;
  const auto both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (a[i] != b[i]) {
      return "message type " + std::to_string(i) + " is " + quoted(a[i]) + " there, " +
             quoted(b[i]) + " here";
    }
  }
  if (a.size() > both) return "message type " + quoted(a[both]) + " is not known here";
  if (b.size() > both) return "message type " + quoted(b[both]) + " is not known there";
  return "the message types have the same names and other contents";
}

}  // namespace

std::optional<link_refusal> flaw_of(const link_hello& theirs, const link_hello& ours) {
  if (theirs.cluster != ours.cluster) {
    return link_refusal{
        refusal_reason::cluster,
        "this is a node of cluster " + quoted(ours.cluster) + ", not of " + quoted(theirs.cluster)};
  }
  if (theirs.node.protocol != ours.node.protocol) {
    return link_refusal{refusal_reason::protocol,
                        "this node speaks protocol " + std::to_string(ours.node.protocol) +
                            ", not " + std::to_string(theirs.node.protocol)};
  }
  if (theirs.node.id.name == ours.node.id.name) {
    return link_refusal{refusal_reason::itself,
                        "this node is called " + quoted(ours.node.id.name) + ", too"};
  }
  if (theirs.catalogue.hash != ours.catalogue.hash ||
      theirs.catalogue.names != ours.catalogue.names) {
    return link_refusal{refusal_reason::catalogue,
                        first_difference(theirs.catalogue, ours.catalogue)};
  }
  return std::nullopt;
}

void greeting::connected(time_point now) {
  is_connected_ = true;
  due_ = now;
}

void greeting::welcomed() {
  is_welcome_ = true;
  due_.reset();
}

void greeting::refused(time_point now) {
  is_welcome_ = false;
  due_ = now + pace_.refused;
}

// Frames that were on their way when the hello was said are answered, too: one hello for all.
void greeting::forgotten(time_point now) {
  if (!due_) due_ = now;
}

bool greeting::take_due(time_point now) {
  if (!is_connected_ || !due_ || now < *due_) return false;
  due_ = now + pace_.unanswered;
  return true;
}

arrival frame_order::take(std::uint64_t sequence) {
  if (sequence < expected_) return arrival::late;
  const bool follows = sequence == expected_;
  expected_ = sequence + 1;
  return follows ? arrival::next : arrival::after_gap;
}

}  // namespace troupe::transport::zmq
