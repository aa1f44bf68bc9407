// What a real vLLM 0.32 and Dynamo's mocker published, read by the code that will read engines.
#include "tests/transport/zmq/kv_capture.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "transport/zmq/kv_event_codec.hpp"
#include "transport/zmq/kv_event_sequence.hpp"

namespace troupe::transport::zmq {
namespace {

constexpr std::uint32_t recorded_block_size = 32;

// All events of a capture's live part, in order.
std::vector<kv_event> events_of(const std::string& name) {
  std::vector<kv_event> events;
  for (const auto& record : read_kv_capture(name)) {
    if (!record.is_live) continue;
    auto batch = decode_kv_events(record.payload());
    EXPECT_TRUE(batch) << failure_text(batch.error());
    EXPECT_EQ(batch->unknown_events, 0U);
    EXPECT_EQ(batch->dp_rank, 0);
    EXPECT_GT(batch->unix_s, 1e9);
    std::ranges::move(batch->events, std::back_inserter(events));
  }
  return events;
}

std::string text_of(const block_hash& hash) {
  return hash.bytes.empty() ? std::to_string(hash.number) : hash.bytes;
}

// A consumer's view, checked on the way.
struct cache_view {
  std::map<std::string, std::vector<std::uint32_t>> blocks;  // hash to tokens
  std::set<std::string> twice;
  int clears = 0;
  int removals = 0;

  void take(const kv_event& event) {
    if (const auto* stored = std::get_if<block_stored>(&event)) {
      take_stored(*stored);
    } else if (const auto* removed = std::get_if<block_removed>(&event)) {
      for (const auto& hash : removed->hashes) {
        EXPECT_EQ(blocks.erase(text_of(hash)), 1U) << "unknown block removed";
        ++removals;
      }
    } else {
      blocks.clear();
      ++clears;
    }
  }

  void take_stored(const block_stored& stored) {
    EXPECT_EQ(stored.block_size, recorded_block_size);
    EXPECT_EQ(stored.token_ids.size(), stored.hashes.size() * stored.block_size);
    if (stored.parent) {
      EXPECT_TRUE(blocks.contains(text_of(*stored.parent)));
    }
    for (std::size_t i = 0; i < stored.hashes.size(); ++i) {
      const auto begin = stored.token_ids.begin() + static_cast<std::ptrdiff_t>(i) * 32;
      const std::vector<std::uint32_t> tokens{begin, begin + 32};
      const auto [entry, is_new] = blocks.try_emplace(text_of(stored.hashes[i]), tokens);
      EXPECT_EQ(entry->second, tokens) << "a known block with other tokens";
      if (!is_new) twice.insert(entry->first);
    }
  }
};

cache_view view_of(const std::string& name) {
  cache_view view;
  for (const auto& event : events_of(name)) view.take(event);
  return view;
}

class kv_capture : public testing::TestWithParam<const char*> {};

TEST_P(kv_capture, parents_are_known_tokens_fill_blocks_and_removals_hit) {
  const auto view = view_of(GetParam());
  EXPECT_GT(view.removals, 4);
  EXPECT_LE(view.blocks.size(), 16U) << "the pool had 16 blocks";
}

TEST_P(kv_capture, frames_are_as_the_subscriber_expects_them) {
  std::uint64_t seq = 0;
  std::vector<kv_capture_record> live;
  std::vector<kv_capture_record> replies;
  for (auto& record : read_kv_capture(GetParam())) {
    EXPECT_EQ(record.frames.size(), record.is_live ? 3U : 4U);
    (record.is_live ? live : replies).push_back(std::move(record));
  }
  ASSERT_GT(live.size(), 5U);
  ASSERT_EQ(replies.size(), live.size() + 1);
  for (const auto& record : live) {
    EXPECT_EQ(record.frames[0], "");
    EXPECT_EQ(record.seq(), seq);
    EXPECT_EQ(replies[seq].seq(), seq);
    EXPECT_EQ(replies[seq].payload(), record.payload()) << "the replay sends other bytes";
    ++seq;
  }
  EXPECT_EQ(replies.back().seq(), ~0ULL);
  EXPECT_EQ(replies.back().payload(), "");
}

TEST_P(kv_capture, a_late_joiner_gets_all_of_it_from_replay_and_live_messages) {
  const auto records = read_kv_capture(GetParam());
  kv_event_sequence sequence{{}, true};
  std::vector<std::uint64_t> delivered;
  const auto take = [&](const kv_sequence_actions& actions) {
    for (const auto& action : actions) {
      if (const auto* d = std::get_if<kv_deliver>(&action)) delivered.push_back(d->seq);
      EXPECT_FALSE(std::holds_alternative<kv_resync>(action));
    }
  };
  const time_point start{};
  take(sequence.connected(start));
  std::uint64_t batches = 0;
  for (const auto& record : records) {
    if (!record.is_live) continue;
    if (++batches > 3) take(sequence.live(record.seq(), record.payload(), start));
  }
  for (const auto& record : records) {
    if (record.is_live) continue;
    take(record.seq() == ~0ULL ? sequence.replay_ended(1, start)
                               : sequence.replayed(1, record.seq(), record.payload(), start));
  }
  ASSERT_EQ(delivered.size(), batches);
  for (std::uint64_t i = 0; i < batches; ++i) EXPECT_EQ(delivered[i], i);
}

INSTANTIATE_TEST_SUITE_P(recorded, kv_capture,
                         testing::Values("vllm.bin", "vllm_bytes.bin", "mocker.bin"));

TEST(kv_capture_of_vllm, announces_blocks_again_and_clears_with_the_next_batch) {
  const auto view = view_of("vllm.bin");
  EXPECT_EQ(view.clears, 1);
  EXPECT_EQ(view.twice.size(), 3U);
  bool was_cleared = false;
  for (const auto& record : read_kv_capture("vllm.bin")) {
    if (!record.is_live) continue;
    const auto batch = *decode_kv_events(record.payload());
    if (!std::holds_alternative<all_blocks_cleared>(batch.events.front())) continue;
    was_cleared = true;
    EXPECT_GT(batch.events.size(), 1U) << "a clear came alone";
  }
  EXPECT_TRUE(was_cleared);
}

TEST(kv_capture_of_vllm, a_salt_is_a_key_of_the_first_block_only) {
  int salted = 0;
  for (const auto& event : events_of("vllm.bin")) {
    const auto* stored = std::get_if<block_stored>(&event);
    if (stored == nullptr) continue;
    EXPECT_EQ(stored->extra_keys.size(), stored->hashes.size());
    EXPECT_EQ(stored->medium, "GPU");
    EXPECT_EQ(stored->group_idx, 0);
    EXPECT_EQ(stored->spec_kind, "full_attention");
    if (stored->extra_keys[0].empty()) continue;
    ++salted;
    EXPECT_EQ(stored->extra_keys[0], (std::vector<extra_key>{{"salt-one", {}}}));
    EXPECT_TRUE(stored->extra_keys[1].empty());
  }
  EXPECT_EQ(salted, 1);
}

TEST(kv_capture_of_vllm, removes_one_block_an_event_and_hashes_have_the_form_asked_for) {
  for (const auto& event : events_of("vllm.bin")) {
    if (const auto* removed = std::get_if<block_removed>(&event)) {
      EXPECT_EQ(removed->hashes.size(), 1U);
      EXPECT_TRUE(removed->hashes[0].bytes.empty());
    }
  }
  for (const auto& event : events_of("vllm_bytes.bin")) {
    if (const auto* stored = std::get_if<block_stored>(&event)) {
      EXPECT_EQ(stored->hashes[0].bytes.size(), 32U);
    }
  }
}

// The same requests gave both captures, and vLLM's number is the end of its bytes.
TEST(kv_capture_of_vllm, hash_numbers_are_the_last_eight_bytes_of_the_hash) {
  const auto numbers = events_of("vllm.bin");
  const auto bytes = events_of("vllm_bytes.bin");
  const auto& first = std::get<block_stored>(numbers.at(0)).hashes.at(0);
  const auto& same = std::get<block_stored>(bytes.at(0)).hashes.at(0);
  EXPECT_EQ(first.number, read_sequence_frame(same.bytes.substr(24)));
}

TEST(kv_capture_of_mocker, leaves_out_fields_and_invents_large_tokens) {
  std::uint32_t largest = 0;
  std::size_t most_removed = 0;
  for (const auto& event : events_of("mocker.bin")) {
    if (const auto* stored = std::get_if<block_stored>(&event)) {
      EXPECT_FALSE(stored->medium || stored->lora_id || stored->lora_name || stored->spec_kind);
      EXPECT_TRUE(stored->extra_keys.empty());
      largest = std::max(largest, *std::ranges::max_element(stored->token_ids));
    } else if (const auto* removed = std::get_if<block_removed>(&event)) {
      most_removed = std::max(most_removed, removed->hashes.size());
    }
  }
  EXPECT_GT(largest, 1U << 31);
  EXPECT_GT(most_removed, 1U);
}

// An engine that publishes the same facts in the same form writes the same bytes.
TEST(kv_capture_of_vllm, the_encoder_writes_the_same_bytes) {
  for (const auto* name : {"vllm.bin", "vllm_bytes.bin"}) {
    for (const auto& record : read_kv_capture(name)) {
      if (!record.is_live) continue;
      EXPECT_EQ(encode_kv_events(*decode_kv_events(record.payload())), record.payload());
    }
  }
}

}  // namespace
}  // namespace troupe::transport::zmq
