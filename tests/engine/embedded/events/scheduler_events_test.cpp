// What the scheduler's work looks like to a consumer of its events.
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/embedded/events/kv_event_log.hpp"
#include "tests/engine/embedded/serve/scheduler_rig.hpp"
#include "transport/zmq/kv_event_codec.hpp"

namespace troupe::engine {
namespace {

using namespace transport::zmq;

// A consumer's view: which blocks the engine holds, by announced hash, with their tokens.
struct cache_view {
  std::map<std::uint64_t, std::vector<std::uint32_t>> blocks;
  std::vector<kv_event> events;
  int again = 0;
  int removals = 0;
  int clears = 0;

  void take(const kv_event_batch& batch) {
    for (const auto& event : batch.events) {
      events.push_back(event);
      if (const auto* stored = std::get_if<block_stored>(&event)) take_stored(*stored);
      if (const auto* removed = std::get_if<block_removed>(&event)) {
        ASSERT_EQ(removed->hashes.size(), 1U);
        ASSERT_EQ(blocks.erase(removed->hashes[0].number), 1U) << "an unknown block left";
        ++removals;
      }
      if (std::holds_alternative<all_blocks_cleared>(event)) {
        blocks.clear();
        ++clears;
      }
    }
  }

  void take_stored(const block_stored& stored) {
    ASSERT_EQ(stored.token_ids.size(), stored.hashes.size() * block_tokens);
    if (stored.parent) {
      ASSERT_TRUE(blocks.contains(stored.parent->number));
    }
    for (std::size_t i = 0; i < stored.hashes.size(); ++i) {
      const auto begin = stored.token_ids.begin() + static_cast<std::ptrdiff_t>(i * block_tokens);
      const std::vector<std::uint32_t> tokens{begin, begin + block_tokens};
      const auto [entry, is_new] = blocks.try_emplace(stored.hashes[i].number, tokens);
      ASSERT_EQ(entry->second, tokens) << "one hash, two contents";
      if (!is_new) ++again;
    }
  }
};

// The scheduler with a log of its events, which travel in their encoded form.
struct events_rig {
  explicit events_rig(std::uint32_t blocks, kv_event_habits habits = {})
      : log{habits, [this](const kv_step& step) { take(step); }}, engine{config(blocks)} {}

  scheduler_config config(std::uint32_t blocks) {
    auto made = test::config_of(blocks);
    made.observer = &log;
    return made;
  }

  void take(const kv_step& step) {
    const auto payload =
        encode_kv_events(to_event_batch(step, block_tokens, kv_hash_form::numbers));
    const auto batch = decode_kv_events(payload);
    ASSERT_TRUE(batch) << failure_text(batch.error());
    view.take(*batch);
  }

  void ask(std::vector<std::int32_t> prompt, std::uint32_t max_tokens, std::string salt = {}) {
    auto request = test::request_of(std::move(prompt), max_tokens);
    request.ignore_eos = true;
    request.cache_salt = std::move(salt);
    ASSERT_TRUE(engine.plan_maker.submit(++last_id, std::move(request)));
  }

  cache_view view;
  kv_event_log log;
  test::rig engine;
  request_id last_id = 0;
};

TEST(scheduler_events, prompt_and_generated_blocks_are_announced_once_full) {
  events_rig r{20};
  r.ask(test::prompt_of(40, 1), 20);
  r.engine.finish();
  ASSERT_EQ(r.view.events.size(), 2U);
  const auto& prompt = std::get<block_stored>(r.view.events[0]);
  EXPECT_EQ(prompt.hashes.size(), 2U);
  EXPECT_FALSE(prompt.parent);
  const auto& generated = std::get<block_stored>(r.view.events[1]);
  EXPECT_EQ(generated.hashes.size(), 1U);
  EXPECT_EQ(generated.parent, prompt.hashes[1]);
}

TEST(scheduler_events, a_block_computed_again_is_announced_again_and_a_reused_one_is_not) {
  events_rig r{20};
  r.ask(test::prompt_of(48, 1), 1);
  r.engine.finish();
  r.ask(test::prompt_of(48, 1), 1);  // the last block is computed again, for its logits
  r.engine.finish();
  ASSERT_EQ(r.view.events.size(), 2U);
  EXPECT_EQ(std::get<block_stored>(r.view.events[1]).hashes.size(), 1U);
  EXPECT_EQ(r.view.again, 1);
}

TEST(scheduler_events, reused_blocks_are_announced_where_asked_for) {
  events_rig r{20, {.announces_reused = true, .clears_at_once = false}};
  r.ask(test::prompt_of(40, 1), 1);
  r.engine.finish();
  r.ask(test::prompt_of(40, 1), 1);
  r.engine.finish();
  ASSERT_EQ(r.view.events.size(), 2U);
  EXPECT_EQ(r.view.events[0], r.view.events[1]);
}

TEST(scheduler_events, a_salt_is_in_the_first_block_and_changes_all_hashes) {
  events_rig r{20};
  r.ask(test::prompt_of(40, 1), 1);
  r.engine.finish();
  r.ask(test::prompt_of(40, 1), 1, "secret");
  r.engine.finish();
  ASSERT_EQ(r.view.events.size(), 2U);
  const auto& plain = std::get<block_stored>(r.view.events[0]);
  const auto& salted = std::get<block_stored>(r.view.events[1]);
  EXPECT_EQ(plain.extra_keys, (std::vector<std::vector<extra_key>>(2)));
  EXPECT_EQ(salted.extra_keys[0].at(0).text, "secret");
  EXPECT_TRUE(salted.extra_keys[1].empty());
  EXPECT_NE(plain.hashes[1], salted.hashes[1]);
  EXPECT_EQ(plain.token_ids, salted.token_ids);
}

TEST(scheduler_events, evictions_precede_what_took_their_place) {
  events_rig r{4};
  r.ask(test::prompt_of(50, 1), 1);
  r.engine.finish();
  r.ask(test::prompt_of(50, 2), 1);
  r.engine.finish();
  EXPECT_EQ(r.view.removals, 3);
  EXPECT_TRUE(std::holds_alternative<block_removed>(r.view.events.at(1)));
  EXPECT_TRUE(std::holds_alternative<block_stored>(r.view.events.back()));
  EXPECT_EQ(r.view.blocks.size(), 3U);
}

TEST(scheduler_events, a_reset_is_heard_of_with_the_next_step) {
  events_rig r{20};
  r.ask(test::prompt_of(40, 1), 1);
  r.engine.finish();
  r.engine.plan_maker.reset_prefix_cache();
  EXPECT_EQ(r.view.clears, 0);
  r.ask(test::prompt_of(40, 2), 1);
  r.engine.finish();
  EXPECT_EQ(r.view.clears, 1);
  EXPECT_EQ(r.view.removals, 0) << "a clear says it all";
  EXPECT_EQ(r.view.blocks.size(), 2U);
}

TEST(scheduler_events, a_reset_with_blocks_in_use_names_the_others) {
  events_rig r{20};
  r.ask(test::prompt_of(40, 1), 1);
  r.engine.finish();
  r.ask(test::prompt_of(40, 2), 30);
  r.engine.step();
  r.engine.plan_maker.reset_prefix_cache();
  r.engine.finish();
  EXPECT_EQ(r.view.clears, 0);
  EXPECT_EQ(r.view.removals, 2);
  EXPECT_EQ(r.view.blocks.size(), r.engine.plan_maker.blocks().published());
}

// Whatever the scheduler does, who follows its events knows its cache.
TEST(scheduler_events, a_followers_view_equals_the_cache_after_each_step) {
  int removals = 0;
  int again = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random{seed};
    events_rig r{24, {.announces_reused = seed % 2 == 0, .clears_at_once = false}};
    for (int i = 0; i < 120; ++i) {
      if (random() % 3 == 0) {
        r.ask(test::prompt_of(1 + random() % 90, random() % 4), 1 + random() % 40,
              random() % 4 == 0 ? "salt" : "");
      }
      if (random() % 12 == 0) r.engine.plan_maker.cancel(1 + random() % (r.last_id + 1));
      if (random() % 25 == 0) r.engine.plan_maker.reset_prefix_cache();
      if (!r.engine.plan_maker.has_work()) continue;
      r.engine.step();
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
      ASSERT_EQ(r.view.blocks.size(), r.engine.plan_maker.blocks().published()) << "seed " << seed;
    }
    removals += r.view.removals;
    again += r.view.again;
  }
  EXPECT_GT(removals, 100);
  EXPECT_GT(again, 100);
}

}  // namespace
}  // namespace troupe::engine
