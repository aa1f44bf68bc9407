#include "transport/zmq/kv_event_sequence.hpp"

#include <gtest/gtest.h>

#include "tests/transport/zmq/kv_sequence_rig.hpp"

namespace troupe::transport::zmq {
namespace {

using namespace std::chrono_literals;

TEST(kv_event_sequence, a_publisher_without_history_is_followed_from_its_first_message) {
  rig r;
  r.join(0);
  EXPECT_EQ(r.live(0), "d0");
  EXPECT_EQ(r.live(1), "d1");
}

// The replay was answered before the first message was sent, and the subscription came behind it.
TEST(kv_event_sequence, a_history_that_was_empty_is_asked_for_again_when_news_begin_late) {
  rig r;
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.live(2), "");
  EXPECT_EQ(r.end(), "?0");
  EXPECT_EQ(r.reply(0), "d0");
  EXPECT_EQ(r.reply(1), "d1");
  EXPECT_EQ(r.reply(2), "d2");
  EXPECT_EQ(r.end(), "=");
  EXPECT_EQ(r.sequence.epoch(), 0U);
}

TEST(kv_event_sequence, news_from_the_first_on_need_no_history) {
  rig r;
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.live(0), "");
  EXPECT_EQ(r.end(), "d0 =");
}

TEST(kv_event_sequence, a_publisher_that_keeps_no_history_is_followed_from_what_is_heard) {
  rig r;
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.live(2), "");
  EXPECT_EQ(r.end(), "?0");
  EXPECT_EQ(r.live(3), "");
  EXPECT_EQ(r.end(), "?0");
  EXPECT_EQ(r.end(), "d2 d3 ~");
  EXPECT_EQ(r.live(4), "d4");
}

TEST(kv_event_sequence, live_messages_wait_for_the_history) {
  rig r;
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.live(2), "");
  EXPECT_EQ(r.live(3), "");
  EXPECT_EQ(r.reply(0), "d0");
  EXPECT_EQ(r.reply(1), "d1");
  EXPECT_EQ(r.reply(2), "d2");
  EXPECT_EQ(r.end(), "d3 =");
  EXPECT_EQ(r.live(4), "d4");
}

TEST(kv_event_sequence, a_history_that_begins_late_is_said_to_be_incomplete) {
  rig r;
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.reply(7), "d7");
  EXPECT_EQ(r.end(), "~");
}

TEST(kv_event_sequence, a_gap_is_replayed_from_the_message_before_it) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(5), "?2");
  EXPECT_EQ(r.reply(2), "");
  EXPECT_EQ(r.reply(3), "d3");
  EXPECT_EQ(r.reply(4), "d4");
  EXPECT_EQ(r.reply(5), "d5");
  EXPECT_EQ(r.end(), "=");
  EXPECT_EQ(r.live(6), "d6");
}

TEST(kv_event_sequence, a_gap_older_than_the_buffer_needs_a_resync) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(9), "?2");
  EXPECT_EQ(r.reply(6), "gap d6");
  EXPECT_EQ(r.reply(7), "d7");
  EXPECT_EQ(r.reply(8), "d8");
  EXPECT_EQ(r.end(), "d9 ~");
  EXPECT_EQ(r.sequence.epoch(), 1U);
}

TEST(kv_event_sequence, a_message_the_publisher_itself_dropped_costs_one_resync_only) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(4), "?2");
  EXPECT_EQ(r.reply(2), "");
  EXPECT_EQ(r.reply(4), "gap d4");
  EXPECT_EQ(r.end(), "~");
  EXPECT_EQ(r.live(5), "d5");
}

TEST(kv_event_sequence, a_reply_that_was_lost_is_asked_for_again) {
  rig r;
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.reply(0), "d0");
  EXPECT_EQ(r.reply(1), "d1");
  EXPECT_EQ(r.reply(3), "?1");
  EXPECT_EQ(r.reply(1), "");
  EXPECT_EQ(r.reply(2), "d2");
  EXPECT_EQ(r.reply(3), "d3");
  EXPECT_EQ(r.end(), "=");
}

TEST(kv_event_sequence, duplicates_are_delivered_once) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(2), "");
  EXPECT_EQ(r.live(3), "d3");
  EXPECT_EQ(r.live(3), "");
  EXPECT_EQ(r.live(1), "");
  EXPECT_EQ(r.sequence.counts().duplicates, 3U);
  EXPECT_EQ(r.live(5), "?3");
  EXPECT_EQ(r.live(5), "");
  EXPECT_EQ(r.reply(3), "");
  EXPECT_EQ(r.reply(3), "");
  EXPECT_EQ(r.reply(4), "d4");
  EXPECT_EQ(r.end(), "d5 =");
}

TEST(kv_event_sequence, a_seq_that_goes_back_is_a_restart) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(0, "b"), "restarted ?0");
  EXPECT_EQ(r.reply(0, "b"), "d0");
  EXPECT_EQ(r.end(), "=");
  EXPECT_EQ(r.live(1, "b"), "d1");
}

TEST(kv_event_sequence, a_restart_that_overtook_us_shows_in_the_replay) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(7, "b"), "?2");
  EXPECT_EQ(r.reply(2, "b"), "restarted ?0");
  for (std::uint64_t seq = 0; seq < 7; ++seq) {
    EXPECT_EQ(r.reply(seq, "b"), "d" + std::to_string(seq));
  }
  EXPECT_EQ(r.reply(7, "b"), "d7");
  EXPECT_EQ(r.end(), "=");
}

TEST(kv_event_sequence, a_new_connection_is_checked_before_its_messages_are_believed) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.connect(), "?2");
  EXPECT_EQ(r.live(3, "b"), "");
  EXPECT_EQ(r.reply(2, "b"), "restarted ?0");
  EXPECT_EQ(r.reply(0, "b"), "d0");
}

TEST(kv_event_sequence, a_replay_that_does_not_reach_us_is_a_restart) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.connect(), "?2");
  EXPECT_EQ(r.end(), "restarted ?0");
  EXPECT_EQ(r.reply(0, "b"), "d0");
  EXPECT_EQ(r.end(), "=");
}

TEST(kv_event_sequence, a_new_connection_to_the_same_publisher_changes_nothing) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.connect(), "?2");
  EXPECT_EQ(r.reply(2), "");
  EXPECT_EQ(r.end(), "=");
  EXPECT_EQ(r.sequence.epoch(), 0U);
  EXPECT_EQ(r.live(3), "d3");
}

TEST(kv_event_sequence, other_bytes_under_a_held_seq_are_a_restart) {
  rig r;
  r.join(1);
  EXPECT_EQ(r.live(4), "?0");
  EXPECT_EQ(r.reply(0), "");
  EXPECT_EQ(r.reply(1), "d1");
  EXPECT_EQ(r.reply(4, "b"), "restarted ?0");
}

TEST(kv_event_sequence, replies_to_an_earlier_attempt_are_passed_over) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(5), "?2");
  EXPECT_EQ(drawn(r.sequence.replayed(1, 3, payload(3), start)), "");
  EXPECT_EQ(drawn(r.sequence.replay_ended(1, start)), "");
  EXPECT_EQ(r.reply(2), "");
  EXPECT_EQ(r.reply(3), "d3");
}

TEST(kv_event_sequence, a_silent_replay_is_given_up_after_so_many_attempts) {
  rig r;
  r.join(3);
  EXPECT_EQ(r.live(5), "?2");
  EXPECT_EQ(r.sequence.deadline(), start + 2s);
  EXPECT_EQ(drawn(r.sequence.expired(start + 1s)), "");
  EXPECT_EQ(drawn(r.sequence.expired(start + 2s)), "?2");
  EXPECT_EQ(drawn(r.sequence.expired(start + 4s)), "?2");
  EXPECT_EQ(drawn(r.sequence.expired(start + 6s)), "replay_failed d5 ~");
  EXPECT_FALSE(r.sequence.deadline());
  EXPECT_EQ(r.live(6), "d6");
}

// vLLM's replay socket drops what exceeds its queue, the end marker included.
TEST(kv_event_sequence, a_replay_cut_off_in_silence_is_continued) {
  rig r;
  EXPECT_EQ(r.connect(), "?0");
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t begin = round * 10U;
    if (round > 0) {
      EXPECT_EQ(r.reply(begin - 1), "");
    }
    for (auto seq = begin; seq < begin + 10; ++seq) r.reply(seq);
    EXPECT_EQ(drawn(r.sequence.expired(start + 2s)), "?" + std::to_string(begin + 9));
    ++r.attempt;
  }
  EXPECT_EQ(r.reply(49), "");
  EXPECT_EQ(r.end(), "=");
  EXPECT_EQ(r.sequence.counts().delivered, 50U);
}

TEST(kv_event_sequence, without_a_replay_a_gap_is_a_resync_at_once) {
  rig r{false};
  EXPECT_EQ(r.connect(), "");
  EXPECT_EQ(r.live(4), "d4");
  EXPECT_EQ(r.live(5), "d5");
  EXPECT_EQ(r.live(8), "gap d8");
  EXPECT_EQ(r.live(8), "");
  EXPECT_EQ(r.live(0, "b"), "restarted d0");
}

TEST(kv_event_sequence, what_does_not_fit_is_dropped_and_replayed) {
  kv_sequence_limits limits;
  limits.pending_batches_max = 1;
  rig r{true, limits};
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.live(1), "");
  EXPECT_EQ(r.live(2), "");
  EXPECT_EQ(r.sequence.counts().overflows, 1U);
  EXPECT_EQ(r.reply(0), "d0");
  EXPECT_EQ(r.end(), "d1 ?1");
  EXPECT_EQ(r.live(3), "");
  EXPECT_EQ(r.reply(1), "");
  EXPECT_EQ(r.reply(2), "d2");
  EXPECT_EQ(r.end(), "d3 =");
}

TEST(kv_event_sequence, bytes_held_are_bounded_too) {
  kv_sequence_limits limits;
  limits.pending_bytes_max = 3;
  rig r{true, limits};
  EXPECT_EQ(r.connect(), "?0");
  EXPECT_EQ(r.live(1), "");
  EXPECT_EQ(r.live(2), "");
  EXPECT_EQ(r.sequence.counts().overflows, 1U);
}

TEST(kv_event_sequence, a_message_before_any_connection_asks_for_the_history) {
  rig r;
  EXPECT_EQ(r.live(4), "?0");
  EXPECT_EQ(r.reply(3), "d3");
  EXPECT_EQ(r.end(), "d4 ~");
}

}  // namespace
}  // namespace troupe::transport::zmq
