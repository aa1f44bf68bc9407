// One publisher as a consumer's state machine hears it, and what the machine wants, as text.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "transport/zmq/kv_event_sequence.hpp"

namespace troupe::transport::zmq {

inline constexpr time_point start{};

// Payloads of one incarnation of a publisher.
inline std::string payload(std::uint64_t seq, const char* incarnation = "a") {
  return incarnation + std::to_string(seq);
}

// Renders actions: "d3" delivers 3, "r" resyncs, "?2" asks from 2, "=" and "~" are caught up
// (complete or not).
inline std::string drawn(const kv_sequence_actions& actions) {
  std::string text;
  for (const auto& action : actions) {
    if (!text.empty()) text += ' ';
    if (const auto* d = std::get_if<kv_deliver>(&action)) text += "d" + std::to_string(d->seq);
    if (const auto* r = std::get_if<kv_resync>(&action)) text += to_string(r->reason);
    if (const auto* q = std::get_if<kv_replay_request>(&action)) {
      text += "?" + std::to_string(q->from);
    }
    if (const auto* c = std::get_if<kv_caught_up>(&action)) text += c->is_complete ? "=" : "~";
  }
  return text;
}

struct rig {
  explicit rig(bool can_replay = true, kv_sequence_limits limits = {})
      : sequence{limits, can_replay} {}

  std::string connect() {
    ++attempt;
    return drawn(sequence.connected(start));
  }
  std::string live(std::uint64_t seq, const char* incarnation = "a") {
    const auto text = drawn(sequence.live(seq, payload(seq, incarnation), start));
    if (text.find('?') != std::string::npos) ++attempt;
    return text;
  }
  std::string reply(std::uint64_t seq, const char* incarnation = "a") {
    const auto text = drawn(sequence.replayed(attempt, seq, payload(seq, incarnation), start));
    if (text.find('?') != std::string::npos) ++attempt;
    return text;
  }
  std::string end() {
    const auto text = drawn(sequence.replay_ended(attempt, start));
    if (text.find('?') != std::string::npos) ++attempt;
    return text;
  }
  // Joins a publisher that has sent 0 to count - 1.
  void join(std::uint64_t count) {
    EXPECT_EQ(connect(), "?0");
    for (std::uint64_t seq = 0; seq < count; ++seq) {
      EXPECT_EQ(reply(seq), "d" + std::to_string(seq));
    }
    EXPECT_EQ(end(), "=");
  }

  kv_event_sequence sequence;
  std::uint64_t attempt = 0;
};

}  // namespace troupe::transport::zmq
