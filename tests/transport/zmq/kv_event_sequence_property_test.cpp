// A publisher as vLLM's behind a network that loses and repeats, restarts included: whatever
// happens, a consumer is told the truth.
#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "transport/zmq/kv_event_sequence.hpp"

namespace troupe::transport::zmq {
namespace {

struct message {
  std::uint64_t seq;
  std::string payload;
};

// Publishes and keeps the last few messages; drops some itself, which leaves a hole for good.
struct publisher {
  std::size_t buffer_max = 8;
  int incarnation = 0;
  std::uint64_t next = 0;
  std::deque<message> buffer;

  message publish() {
    message m{next, std::to_string(incarnation) + ":" + std::to_string(next)};
    ++next;
    buffer.push_back(m);
    if (buffer.size() > buffer_max) buffer.pop_front();
    return m;
  }
  void restart() {
    ++incarnation;
    next = 0;
    buffer.clear();
  }
};

// What the consumer was told in its present epoch, checked as it comes.
struct consumer {
  std::uint64_t epoch = 0;
  std::vector<message> told;
  bool is_caught_up = false;
  bool is_complete = false;

  void deliver(const kv_deliver& d) {
    ASSERT_EQ(d.epoch, epoch);
    if (!told.empty()) {
      ASSERT_EQ(d.seq, told.back().seq + 1) << "a hole or a repetition";
      ASSERT_EQ(incarnation_of(d.payload), incarnation_of(told.back().payload));
    }
    ASSERT_EQ(d.payload.substr(d.payload.find(':') + 1), std::to_string(d.seq));
    told.push_back({d.seq, d.payload});
  }
  void begin(const kv_resync& r) {
    ASSERT_EQ(r.epoch, epoch + 1);
    epoch = r.epoch;
    told.clear();
    is_caught_up = false;
  }
  static std::string incarnation_of(const std::string& payload) {
    return payload.substr(0, payload.find(':'));
  }
};

struct world {
  explicit world(unsigned seed) : random{seed} {
    source.buffer_max = 1 + chance(20);
    act(sequence.connected(time));
  }

  std::uint64_t chance(std::uint64_t below) { return random() % below; }

  void act(const kv_sequence_actions& actions) {
    for (const auto& action : actions) {
      if (const auto* d = std::get_if<kv_deliver>(&action)) sink.deliver(*d);
      if (const auto* r = std::get_if<kv_resync>(&action)) sink.begin(*r);
      if (const auto* q = std::get_if<kv_replay_request>(&action)) asked = *q;
      if (const auto* c = std::get_if<kv_caught_up>(&action)) {
        sink.is_caught_up = true;
        sink.is_complete = c->is_complete;
      }
    }
  }

  void publish(std::uint64_t loss_percent) {
    const auto m = source.publish();
    if (chance(100) < loss_percent) return;
    wire.push_back(m);
    if (chance(10) == 0) wire.push_back(m);
    if (chance(20) == 0 && wire.size() > 2) wire.push_back(wire[chance(wire.size())]);
  }

  // The replay as the publisher sees it now, with replies lost at the end as a full queue does.
  void serve(std::uint64_t loss_percent) {
    if (!asked) return;
    const auto request = *std::exchange(asked, std::nullopt);
    replies.clear();
    attempt = request.attempt;
    for (const auto& m : source.buffer) {
      if (m.seq >= request.from && chance(100) >= loss_percent) replies.push_back(m);
    }
    ends = chance(100) >= loss_percent;
  }

  void hear() {
    if (wire.empty()) return;
    const auto m = wire.front();
    wire.pop_front();
    act(sequence.live(m.seq, m.payload, time));
  }

  void hear_reply() {
    if (!replies.empty()) {
      const auto m = replies.front();
      replies.pop_front();
      act(sequence.replayed(attempt, m.seq, m.payload, time));
    } else if (std::exchange(ends, false)) {
      act(sequence.replay_ended(attempt, time));
    }
  }

  void restart() {
    source.restart();
    for (auto left = chance(12); left > 0; --left) publish(100);  // nobody hears these
    wire.clear();
    replies.clear();
    ends = false;
    act(sequence.connected(time));
  }

  void step() {
    const auto what = chance(100);
    if (what < 35) {
      if (chance(50) == 0) ++source.next;  // its own queue was full
      publish(20);
    } else if (what < 65) {
      hear();
    } else if (what < 75) {
      serve(10);
    } else if (what < 95) {
      hear_reply();
    } else if (what < 98) {
      time += std::chrono::milliseconds{2'500};
      act(sequence.expired(time));
    } else if (what == 98) {
      act(sequence.connected(time));
    } else {
      restart();
    }
  }

  // The network is good again: one more message, and all is heard.
  void settle() {
    publish(0);
    for (int i = 0; i < 400; ++i) {
      hear();
      serve(0);
      hear_reply();
      if (i % 100 == 99) {
        time += std::chrono::milliseconds{2'500};
        act(sequence.expired(time));
      }
    }
  }

  std::mt19937 random;
  time_point time{};
  publisher source;
  consumer sink;
  kv_event_sequence sequence{{.pending_batches_max = 6, .recent_max = 64}, true};
  std::deque<message> wire;
  std::deque<message> replies;
  std::optional<kv_replay_request> asked;
  std::uint64_t attempt = 0;
  bool ends = false;
};

TEST(kv_event_sequence_property, in_order_once_from_one_incarnation_and_current_in_the_end) {
  std::uint64_t delivered = 0;
  std::uint64_t complete = 0;
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    world w{seed};
    for (int i = 0; i < 150; ++i) {
      w.step();
      if (HasFatalFailure()) break;
    }
    w.settle();
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
    ASSERT_FALSE(w.sequence.deadline()) << "seed " << seed;
    ASSERT_FALSE(w.sink.told.empty()) << "seed " << seed;
    ASSERT_EQ(w.sink.told.back().seq, w.source.next - 1) << "seed " << seed;
    ASSERT_EQ(w.sink.told.back().payload, w.source.buffer.back().payload) << "seed " << seed;
    if (w.sink.is_caught_up && w.sink.is_complete) {
      ASSERT_EQ(w.sink.told.front().seq, 0U) << "seed " << seed;
      ++complete;
    }
    delivered += w.sequence.counts().delivered;
  }
  EXPECT_GT(delivered, 40'000U);
  EXPECT_GT(complete, 100U);
}

}  // namespace
}  // namespace troupe::transport::zmq
