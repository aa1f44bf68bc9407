#include "transport/zmq/kv_event_sequence.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <xxhash.h>

#include "runtime/assert.hpp"

namespace troupe::transport::zmq {

namespace {

constexpr auto no_seq = std::numeric_limits<std::uint64_t>::max();

std::uint64_t hash_of(std::string_view payload) {
  return XXH3_64bits(payload.data(), payload.size());
}

}  // namespace

std::string_view to_string(resync_reason reason) {
  switch (reason) {
    case resync_reason::restarted:
      return "restarted";
    case resync_reason::gap:
      return "gap";
    case resync_reason::replay_failed:
      return "replay_failed";
  }
  return "unknown";
}

kv_event_sequence::kv_event_sequence(const kv_sequence_limits& limits, bool can_replay)
    : limits_{limits}, can_replay_{can_replay}, recent_(limits.recent_max, {no_seq, 0}) {
  TROUPE_ASSERT(limits.recent_max > 0 && limits.attempts_max > 0);
}

kv_sequence_actions kv_event_sequence::take_actions() {
  return std::exchange(actions_, {});
}

std::optional<time_point> kv_event_sequence::deadline() const {
  if (!is_replaying_) return std::nullopt;
  return deadline_;
}

kv_sequence_actions kv_event_sequence::connected(time_point now) {
  if (!can_replay_) return {};
  // Who is on the other side may be another incarnation: what is held cannot be told from its own.
  drop_held();
  last_live_.reset();
  tries_ = 0;
  ask(now);
  return take_actions();
}

kv_sequence_actions kv_event_sequence::live(std::uint64_t seq, std::string payload,
                                            time_point now) {
  // Within an incarnation the live side only goes forward; it may lag behind a replay, though.
  const bool goes_back = last_live_ && seq <= *last_live_;
  const auto is_known = compare(seq, payload);
  if (is_known == known::other || (is_known == known::no && goes_back)) restart(now);
  last_live_ = std::max(last_live_.value_or(0), seq);
  if (is_known == known::same || (next_ && seq < *next_)) {
    ++counts_.duplicates;
    return take_actions();
  }
  accept_live(seq, std::move(payload), now);
  return take_actions();
}

void kv_event_sequence::accept_live(std::uint64_t seq, std::string payload, time_point now) {
  if (is_replaying_) return hold(seq, std::move(payload));
  const bool is_first = attempt_ == 0 && can_replay_;
  if (!next_ && !is_first) begin_at(seq);
  if (next_ && seq == *next_) return deliver(seq, std::move(payload));
  if (can_replay_) {
    hold(seq, std::move(payload));
    return ask(now);
  }
  begin_epoch(resync_reason::gap);
  begin_at(seq);
  deliver(seq, std::move(payload));
}

kv_sequence_actions kv_event_sequence::replayed(std::uint64_t attempt, std::uint64_t seq,
                                                std::string payload, time_point now) {
  if (!is_replaying_ || attempt != attempt_) return {};
  deadline_ = now + limits_.replay_timeout;
  if (last_replayed_ && seq <= *last_replayed_) return {};
  last_replayed_ = seq;
  if (compare(seq, payload) == known::other) {
    restart(now);
    return take_actions();
  }
  if (next_ && seq < *next_) {
    has_overlap_ = true;
    return {};
  }
  const bool is_hole = next_ && seq > *next_;
  if (is_hole && has_progress_) {  // a reply was lost, or the message is: asking again will tell
    tries_ = 0;
    ask(now);
    return take_actions();
  }
  if (is_hole || is_unproven()) begin_epoch(resync_reason::gap);
  if (!next_) begin_at(seq);
  has_progress_ = true;
  deliver(seq, std::move(payload));
  return take_actions();
}

kv_sequence_actions kv_event_sequence::replay_ended(std::uint64_t attempt, time_point now) {
  if (!is_replaying_ || attempt != attempt_) return {};
  if (is_unproven()) {  // it has not come as far as we have
    restart(now);
    return take_actions();
  }
  if (has_progress_) tries_ = 0;
  if (!next_ && begins_late() && tries_ < limits_.attempts_max) {
    // It had no history when it answered. What it published since was not heard from the start.
    ask(now);
    return take_actions();
  }
  // A publisher that still has none keeps none, or has sent nothing.
  if (!next_) begin_at(pending_.empty() ? 0 : pending_.begin()->first);
  deliver_pending();
  // What was heard and not held, for want of room, is as missing as what was never heard.
  const bool is_behind = !pending_.empty() || (last_live_ && next_ && *last_live_ >= *next_);
  if (is_behind && tries_ < limits_.attempts_max) {
    ask(now);
  } else {
    deliver_over_gaps(resync_reason::gap);
    settle(first_ == 0U);
  }
  return take_actions();
}

kv_sequence_actions kv_event_sequence::expired(time_point now) {
  if (!is_replaying_ || now < deadline_) return {};
  if (has_progress_) tries_ = 0;
  if (tries_ < limits_.attempts_max) {
    ask(now);
    return take_actions();
  }
  if (next_) begin_epoch(resync_reason::replay_failed);
  if (!pending_.empty()) begin_at(pending_.begin()->first);
  deliver_pending();
  deliver_over_gaps(resync_reason::gap);
  settle(false);
  return take_actions();
}

// Is this the message of that seq which was delivered, or is held?
kv_event_sequence::known kv_event_sequence::compare(std::uint64_t seq,
                                                    std::string_view payload) const {
  if (const auto held = pending_.find(seq); held != pending_.end()) {
    return held->second == payload ? known::same : known::other;
  }
  const auto& slot = recent_[seq % recent_.size()];
  if (slot.seq != seq) return known::no;
  return slot.hash == hash_of(payload) ? known::same : known::other;
}

void kv_event_sequence::deliver(std::uint64_t seq, std::string payload) {
  TROUPE_ASSERT(next_ && seq == *next_);
  recent_[seq % recent_.size()] = {seq, hash_of(payload)};
  drop_pending(seq);
  ++*next_;
  ++counts_.delivered;
  actions_.emplace_back(kv_deliver{epoch_, seq, std::move(payload)});
}

void kv_event_sequence::deliver_pending() {
  while (next_ && !pending_.empty() && pending_.begin()->first <= *next_) {
    const auto seq = pending_.begin()->first;
    auto payload = std::move(pending_.begin()->second);
    pending_bytes_ -= payload.size();
    pending_.erase(pending_.begin());
    if (seq == *next_) deliver(seq, std::move(payload));  // else a replay began behind it
  }
}

// Delivers all that is held; each hole begins an epoch.
void kv_event_sequence::deliver_over_gaps(resync_reason reason) {
  while (!pending_.empty()) {
    begin_epoch(reason);
    begin_at(pending_.begin()->first);
    deliver_pending();
  }
}

void kv_event_sequence::begin_at(std::uint64_t seq) {
  first_ = next_ = seq;
}

void kv_event_sequence::hold(std::uint64_t seq, std::string payload) {
  if (pending_.size() >= limits_.pending_batches_max ||
      pending_bytes_ + payload.size() > limits_.pending_bytes_max) {
    ++counts_.overflows;
    return;
  }
  pending_bytes_ += payload.size();
  pending_.emplace(seq, std::move(payload));
}

void kv_event_sequence::drop_pending(std::uint64_t seq) {
  const auto held = pending_.find(seq);
  if (held == pending_.end()) return;
  pending_bytes_ -= held->second.size();
  pending_.erase(held);
}

void kv_event_sequence::drop_held() {
  pending_.clear();
  pending_bytes_ = 0;
}

void kv_event_sequence::begin_epoch(resync_reason reason) {
  ++epoch_;
  ++counts_.resyncs;
  first_ = next_ = std::nullopt;
  actions_.emplace_back(kv_resync{epoch_, reason});
}

// Another incarnation publishes: nothing seen of the old one may be compared with it.
void kv_event_sequence::restart(time_point now) {
  begin_epoch(resync_reason::restarted);
  last_live_.reset();
  drop_held();
  recent_.assign(recent_.size(), {no_seq, 0});
  is_replaying_ = false;
  tries_ = 0;
  if (can_replay_) ask(now);
}

// Asks for everything after what was delivered, and for the last of that once more.
void kv_event_sequence::ask(time_point now) {
  is_replaying_ = true;
  ++attempt_;
  ++tries_;
  ++counts_.replays;
  has_overlap_ = has_progress_ = false;
  last_replayed_.reset();
  deadline_ = now + limits_.replay_timeout;
  actions_.emplace_back(
      kv_replay_request{attempt_, std::max<std::uint64_t>(next_.value_or(0), 1) - 1});
}

// Has this attempt shown neither the message before the next one nor the next one's successors?
bool kv_event_sequence::is_unproven() const {
  return next_.value_or(0) > 0 && !has_overlap_ && !has_progress_;
}

// Was a message heard, and the publisher's first one missed?
bool kv_event_sequence::begins_late() const {
  return !pending_.empty() && pending_.begin()->first > 0;
}

void kv_event_sequence::settle(bool is_complete) {
  is_replaying_ = false;
  tries_ = 0;
  actions_.emplace_back(kv_caught_up{epoch_, is_complete});
}

}  // namespace troupe::transport::zmq
