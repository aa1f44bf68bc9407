#include "engine/embedded/events/kv_event_log.hpp"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace troupe::engine {
namespace {

using transport::zmq::all_blocks_cleared;
using transport::zmq::block_hash;
using transport::zmq::block_removed;
using transport::zmq::block_stored;
using transport::zmq::kv_event_batch;

constexpr std::uint32_t tokens_per_block = 4;

class kv_event_log_test : public testing::Test {
 protected:
  kv_event_log make(kv_event_habits habits = {}) {
    return kv_event_log{habits, [this](kv_step step) { steps_.push_back(std::move(step)); }};
  }

  // Block `number` of a chain that begins with block 1.
  kv_stored_block block(std::uint64_t number, std::string_view salt = {}) {
    tokens_.resize(tokens_per_block);
    std::iota(tokens_.begin(), tokens_.end(), static_cast<std::int32_t>(10 * number));
    std::optional<kv_hash> parent;
    if (number > 1) parent = hash(number - 1);
    return {hash(number), parent, tokens_, salt};
  }
  static kv_hash hash(std::uint64_t number) { return {number, 100 + number}; }

  kv_event_batch batch(std::size_t index) {
    return to_event_batch(steps_.at(index), tokens_per_block, kv_hash_form::numbers);
  }

  std::vector<std::int32_t> tokens_;
  std::vector<kv_step> steps_;
};

TEST_F(kv_event_log_test, a_chain_is_one_event_in_vllms_shape) {
  auto log = make();
  log.on_stored(block(1, "salt"));
  log.on_stored(block(2));
  log.on_step_end();
  const auto got = batch(0);
  ASSERT_EQ(got.events.size(), 1U);
  const auto& event = std::get<block_stored>(got.events[0]);
  EXPECT_EQ(event.hashes, (std::vector<block_hash>{{101, ""}, {102, ""}}));
  EXPECT_FALSE(event.parent);
  EXPECT_EQ(event.token_ids, (std::vector<std::uint32_t>{10, 11, 12, 13, 20, 21, 22, 23}));
  EXPECT_EQ(event.block_size, tokens_per_block);
  EXPECT_EQ(event.medium, "GPU");
  ASSERT_EQ(event.extra_keys.size(), 2U);
  EXPECT_EQ(event.extra_keys[0].at(0).text, "salt");
  EXPECT_TRUE(event.extra_keys[1].empty());
  EXPECT_EQ(event.group_idx, 0);
  EXPECT_EQ(event.spec_kind, "full_attention");
  EXPECT_EQ(got.dp_rank, 0);
  EXPECT_GT(got.unix_s, 1e9);
}

TEST_F(kv_event_log_test, chains_of_two_requests_are_two_events) {
  auto log = make();
  log.on_stored(block(2));
  log.on_stored(block(7));
  log.on_step_end();
  const auto got = batch(0);
  ASSERT_EQ(got.events.size(), 2U);
  EXPECT_EQ(std::get<block_stored>(got.events[0]).parent, (block_hash{101, ""}));
  EXPECT_EQ(std::get<block_stored>(got.events[1]).parent, (block_hash{106, ""}));
}

TEST_F(kv_event_log_test, removals_come_one_by_one_and_in_order) {
  auto log = make();
  log.on_removed(hash(5));
  log.on_removed(hash(4));
  log.on_stored(block(1));
  log.on_step_end();
  const auto got = batch(0);
  ASSERT_EQ(got.events.size(), 3U);
  EXPECT_EQ(std::get<block_removed>(got.events[0]).hashes.at(0).number, 105U);
  EXPECT_EQ(std::get<block_removed>(got.events[1]).hashes.at(0).number, 104U);
  EXPECT_EQ(std::get<block_stored>(got.events[2]).hashes.at(0).number, 101U);
}

TEST_F(kv_event_log_test, a_clear_waits_for_the_next_step) {
  auto log = make();
  log.on_cleared();
  EXPECT_TRUE(steps_.empty());
  log.on_stored(block(1));
  log.on_step_end();
  const auto got = batch(0);
  ASSERT_EQ(got.events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<all_blocks_cleared>(got.events[0]));
}

TEST_F(kv_event_log_test, a_clear_goes_at_once_where_asked_for) {
  auto log = make({.announces_reused = false, .clears_at_once = true});
  log.on_cleared();
  ASSERT_EQ(steps_.size(), 1U);
}

TEST_F(kv_event_log_test, reused_blocks_are_an_event_of_their_own_where_asked_for) {
  auto quiet = make();
  quiet.on_reused(block(1));
  quiet.on_step_end();
  EXPECT_TRUE(steps_.empty()) << "a step without a change is no message";
  auto log = make({.announces_reused = true, .clears_at_once = false});
  log.on_reused(block(1));
  log.on_reused(block(2));
  log.on_stored(block(3));
  log.on_step_end();
  const auto got = batch(0);
  ASSERT_EQ(got.events.size(), 2U);
  EXPECT_EQ(std::get<block_stored>(got.events[0]).hashes.size(), 2U);
  EXPECT_EQ(std::get<block_stored>(got.events[1]).parent, (block_hash{102, ""}));
}

TEST_F(kv_event_log_test, hashes_of_bytes_end_with_the_number) {
  auto log = make();
  log.on_stored(block(1));
  log.on_stored(block(2));
  log.on_step_end();
  const auto got = to_event_batch(steps_.at(0), tokens_per_block, kv_hash_form::bytes);
  const auto& hashes = std::get<block_stored>(got.events.at(0)).hashes;
  ASSERT_EQ(hashes.at(0).bytes.size(), 32U);
  EXPECT_EQ(hashes[0].bytes.substr(16), std::string("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x65", 16));
  EXPECT_NE(hashes[0].bytes.substr(0, 16), hashes[1].bytes.substr(0, 16));
}

}  // namespace
}  // namespace troupe::engine
