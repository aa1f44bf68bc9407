// Which nodes are there: what one node believes, whom it tells, and whom it asks.
//
// A pure state machine: messages, events, time and a seeded generator come in, messages to send and
// news for the node come out. Each node probes one other at a time, in random rounds; where no ack
// comes others are asked to probe; where that fails too, or the connection breaks, the node is a
// suspect until it contradicts or its time is up. News ride on every message, the least told first.
//
// - **Fence.** An incarnation that is down or has left never comes back: its messages are answered
//   with what is known. A node that learns this of itself says `fenced` and does no more; its owner
//   starts a new one with a higher incarnation.
// - **Majority.** A verdict of a node that reaches the lesser part of those it knows holds for
//   itself, and others hear only of the suspicion. Where the part it reaches is just half, the side
//   with the least name counts as the greater. So a cut-off node that comes back cannot fence the
//   others; if it holds down what answers, it is `fenced` itself.
// - **Own pauses.** A node that was not called in time gives the others the time it lost, and while
//   its own probes fail beyond what the others' would, it waits longer (Lifeguard).
//
// REQUIRES: every link brings a sign of life, heartbeat or other, well within options.silence.
// Bounds: member_table, rumours; probes_max, relays_max, seeds_max. Beyond them: not probed, not
// relayed, not taken.
// Source: Das, Gupta, Motivala, SWIM (2002); Dadgar, Phillips, Currey, Lifeguard (2018). Majority,
// fencing and what broken connections mean are ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/membership/member_message.hpp"
#include "runtime/membership/member_table.hpp"
#include "runtime/membership/membership_options.hpp"
#include "runtime/membership/rumours.hpp"

namespace troupe {

struct membership_event {
  enum class kind {
    up,       // a node has come, or come back with a higher incarnation
    suspect,  // it may be down
    alive,    // it was a suspect and has contradicted
    down,     // this incarnation is gone for good
    left,     // the same, on purpose
    leaving,  // it lives and will be gone soon: what runs there is to start elsewhere
    fenced    // `node` is this one with its latest incarnation that is known, and it is to start
              // again with a higher one
  };
  kind what = kind::up;
  node_description node;
};

struct member_letter {
  std::string endpoint;
  member_message message;
};

class membership {
 public:
  static constexpr std::size_t probes_max = 16;
  static constexpr std::size_t relays_max = 256;
  static constexpr std::size_t seeds_max = 16;

  // REQUIRES: `self` is within its bounds.
  membership(node_description self, std::mt19937_64 random, membership_options options = {},
             membership_parts parts = {});

  struct actions {
    std::vector<member_letter> letters;
    std::vector<membership_event> events;
  };

  // Begins, with the endpoints of nodes that may be there.
  actions join(std::vector<std::string> seeds, time_point now);

  // Says that this node will leave, to some; ticks tell the rest. It is a member until leave().
  actions announce_leave(time_point now);

  // Says farewell to some; ticks tell the rest.
  actions leave(time_point now);

  // Takes a message. REQUIRES: it is within its bounds, as decode_member_message() leaves it.
  actions receive(const member_message& message, time_point now);

  // Notes that a connection to the node was made, which is a sign of life.
  actions connected(const node_id& node, time_point now);

  // Notes that the connection broke: the node is a suspect and is probed at once.
  actions connection_lost(const node_id& node, time_point now);

  // Notes a sign of life that came over its link.
  actions heartbeat(const node_id& node, time_point now);

  // Does what is due; to be called at next_deadline().
  actions tick(time_point now);

  time_point next_deadline() const { return deadline_; }
  bool fenced() const { return fenced_; }
  const member_record& self() const { return self_; }

  // Returns all members in the order of names, as this node tells them to others.
  std::vector<member_record> records() const { return members_.records(); }

  // Returns the members that this node holds neither down nor left, itself included.
  std::vector<node_id> living() const;

 private:
  struct probe {
    std::uint64_t sequence = 0;
    node_id target;
    time_point sent;
    time_point indirect_at;
    time_point ends_at;
    bool indirect = false;
    std::size_t asked = 0;
    std::size_t nacks = 0;
  };
  struct relay {
    std::uint64_t sequence = 0;  // of our ping
    member_message request;
    time_point ends_at;
  };

  void enter(time_point now);
  void forgive(std::chrono::nanoseconds late);
  actions leave_with();
  void tell_of_self();
  void report(membership_event::kind what, const node_description& node);

  void learn(const member_record& record);
  void learn_of_self(const member_record& record);
  void apply(member& m, const member_record& record, bool known);
  bool fence(const member_message& message);
  void doubt(member& m, const member_message& message);
  void fence_self(std::uint64_t latest = 0);
  void answer(const member_message& message);
  void acknowledged(const member_message& message);

  void suspect(member& m);
  void accuse(member& m, const std::string& accuser);
  void judge_suspects();
  void judge(member& m);
  bool outnumbered() const;
  void feel(int change);

  void probe_next();
  const member* quietest() const;
  bool probing(const node_id& id) const;
  void start_probe(const member& m);
  void advance_probes();
  void ask_helpers(probe& p);
  void failed(const probe& p);
  member* alive_target(const node_id& id);

  member_message make(member_message_kind kind, std::uint64_t sequence = 0, node_id about = {});
  void send(const std::string& endpoint, member_message message);
  void ping(const member& m, std::uint64_t sequence);
  void send_sync(const std::string& endpoint, member_message_kind kind);
  void gossip();
  void sync_with_one();
  void reach_out();
  std::size_t tellings_max() const;
  std::size_t confirmers() const;
  std::vector<std::string> choose(std::vector<std::string> from, std::size_t count);
  std::vector<std::string> known_endpoints() const;
  void plan();

  member_record self_;
  std::mt19937_64 random_;
  membership_options options_;
  membership_parts parts_;
  member_table members_;
  rumours rumours_;
  std::vector<probe> probes_;
  std::vector<relay> relays_;
  std::vector<std::string> seeds_;
  std::vector<std::string> round_;  // whom to probe next, from the back
  actions out_;
  std::uint64_t last_sequence_ = 0;
  std::uint32_t health_score_ = 0;
  bool fenced_ = false;
  time_point now_{};
  time_point deadline_ = time_point::max();
  time_point probe_at_{};
  time_point gossip_at_{};
  time_point sync_at_{};
  time_point reach_at_{};
};

}  // namespace troupe
