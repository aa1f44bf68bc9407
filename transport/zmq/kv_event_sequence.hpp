// Puts one publisher's messages in order: what to deliver, when to ask for a replay, when to start
// over. A pure state machine; the subscriber's sockets lie around it.
//
// The problem: a PUB socket loses messages in silence, a publisher may restart at seq 0 or behind a
// lost connection, and its replay reaches back only so far. A consumer that misses one removal
// believes in a block that is gone. The answer: deliver seqs without a hole or say so. Time is cut
// into epochs; within one, messages come once each and in order; a kv_resync begins the next, and
// all that was learnt from this publisher before it is void.
//
// A restart shows in a seq that goes back, in a replay that does not reach what was delivered
// already, or in other bytes under a known seq: each replay begins one message before the first
// wanted, and is asked for after every reconnection.
// Thread: one caller at a time.
// Bounds: kv_sequence_limits; live messages over the bound are dropped and replayed later.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/clock.hpp"
#include "transport/zmq/kv_event_limits.hpp"

namespace troupe::transport::zmq {

// Hand this message to the consumer.
struct kv_deliver {
  std::uint64_t epoch;
  std::uint64_t seq;
  std::string payload;
};

enum class resync_reason {
  restarted,      // the publisher began anew: its cache is another one
  gap,            // messages are lost for good: the replay does not reach back to them
  replay_failed,  // the replay did not answer: nobody knows what was missed
};

// Forget everything learnt from this publisher; `epoch` begins.
struct kv_resync {
  std::uint64_t epoch;
  resync_reason reason;
};

// Send a replay request; give its replies back with this attempt's number.
struct kv_replay_request {
  std::uint64_t attempt;
  std::uint64_t from;
};

// All that was published until now has been delivered. `is_complete`: since the publisher's start.
struct kv_caught_up {
  std::uint64_t epoch;
  bool is_complete;
};

using kv_sequence_action = std::variant<kv_deliver, kv_resync, kv_replay_request, kv_caught_up>;
using kv_sequence_actions = std::vector<kv_sequence_action>;

// Returns the reason's name for logs and metrics.
std::string_view to_string(resync_reason reason);

class kv_event_sequence {
 public:
  struct counters {
    std::uint64_t delivered = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t overflows = 0;  // live messages dropped at the bound
    std::uint64_t replays = 0;
    std::uint64_t resyncs = 0;
  };

  // `can_replay`: the publisher has a replay socket. Without one every gap is a resync, and a
  // restart behind a lost connection shows only if it makes the seq go back.
  kv_event_sequence(const kv_sequence_limits& limits, bool can_replay);

  // Takes note that the connection to the publisher is up, at first and again.
  kv_sequence_actions connected(time_point now);

  // Takes a message of the live socket.
  kv_sequence_actions live(std::uint64_t seq, std::string payload, time_point now);

  // Takes a message of a replay. Replies to earlier attempts are passed over.
  kv_sequence_actions replayed(std::uint64_t attempt, std::uint64_t seq, std::string payload,
                               time_point now);

  // Takes the end marker of a replay.
  kv_sequence_actions replay_ended(std::uint64_t attempt, time_point now);

  // Takes note of the time; call at deadline().
  kv_sequence_actions expired(time_point now);

  // When a replay under way is given up; nothing while none is.
  std::optional<time_point> deadline() const;

  std::uint64_t epoch() const { return epoch_; }
  const counters& counts() const { return counts_; }

 private:
  enum class known { no, same, other };
  struct seen {
    std::uint64_t seq;
    std::uint64_t hash;
  };

  kv_sequence_actions take_actions();
  known compare(std::uint64_t seq, std::string_view payload) const;
  void accept_live(std::uint64_t seq, std::string payload, time_point now);
  void deliver(std::uint64_t seq, std::string payload);
  void deliver_pending();
  void deliver_over_gaps(resync_reason reason);
  void begin_at(std::uint64_t seq);
  void hold(std::uint64_t seq, std::string payload);
  void drop_pending(std::uint64_t seq);
  void drop_held();
  void begin_epoch(resync_reason reason);
  void restart(time_point now);
  void ask(time_point now);
  bool is_unproven() const;
  bool begins_late() const;
  void settle(bool is_complete);

  kv_sequence_limits limits_;
  bool can_replay_;
  kv_sequence_actions actions_;
  counters counts_;

  std::uint64_t epoch_ = 0;
  std::optional<std::uint64_t> first_;      // delivered in this epoch
  std::optional<std::uint64_t> next_;       // to deliver; nothing before the first of an epoch
  std::optional<std::uint64_t> last_live_;  // of this incarnation
  std::vector<seen> recent_;                // delivered; slot seq % recent_max
  std::map<std::uint64_t, std::string> pending_;  // live, behind a gap or a replay
  std::size_t pending_bytes_ = 0;

  bool is_replaying_ = false;
  std::uint64_t attempt_ = 0;
  unsigned tries_ = 0;                          // attempts since the last progress
  bool has_overlap_ = false;                    // this attempt showed the message before next_
  bool has_progress_ = false;                   // this attempt delivered
  std::optional<std::uint64_t> last_replayed_;  // of this attempt
  time_point deadline_{};
};

}  // namespace troupe::transport::zmq
