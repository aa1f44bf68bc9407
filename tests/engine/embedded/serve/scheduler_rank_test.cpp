#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/scheduler_rig.hpp"

namespace troupe::engine {
namespace {

using test::alone;
using test::config_of;
using test::prompt_of;
using test::request_of;
using test::rig;

generation_request ranked(std::int64_t priority, unsigned seed, std::uint32_t max_tokens = 4) {
  auto request = request_of(prompt_of(10, seed), max_tokens);
  request.priority = priority;
  request.ignore_eos = true;
  return request;
}

std::vector<request_id> admitted(rig& r) {
  std::vector<request_id> order;
  while (r.plan_maker.has_work()) {
    const auto& plan = r.plan_maker.plan();
    for (const auto& a : plan.admitted) order.push_back(a.id);
    r.plan_maker.apply(std::vector<std::int32_t>(plan.samples.size(), 7));
  }
  return order;
}

TEST(scheduler_rank, admits_lower_priorities_first_then_older_requests) {
  auto config = config_of(64);
  config.limits.running_requests_max = 1;
  rig r{config};
  const std::vector<std::int64_t> priorities{0, 5, -3, 0, -3, 5};
  for (std::size_t i = 0; i < priorities.size(); ++i) {
    ASSERT_TRUE(r.plan_maker.submit(i + 1, ranked(priorities[i], 1)));
  }
  EXPECT_EQ(admitted(r), (std::vector<request_id>{3, 5, 1, 4, 2, 6}));
}

TEST(scheduler_rank, preempts_the_least_important_first) {
  // 10 + 60 tokens each need 5 blocks; 3 such requests do not fit 9 blocks.
  rig r{config_of(9)};
  ASSERT_TRUE(r.plan_maker.submit(1, ranked(9, 1, 60)));
  ASSERT_TRUE(r.plan_maker.submit(2, ranked(0, 2, 60)));
  ASSERT_TRUE(r.plan_maker.submit(3, ranked(5, 3, 60)));
  std::vector<request_id> ends;
  while (r.plan_maker.has_work()) {
    r.step();
    for (const auto& [id, result] : r.results) {
      if (result.finish && std::ranges::find(ends, id) == ends.end()) ends.push_back(id);
    }
  }
  EXPECT_GT(r.plan_maker.stats().preemptions, 0U);
  EXPECT_EQ(ends, (std::vector<request_id>{2, 3, 1}));
  EXPECT_EQ(r.results[1].tokens, alone(ranked(9, 1, 60)).tokens);
}

TEST(scheduler_rank, a_long_prompt_delays_nobody_by_more_than_a_step) {
  auto config = config_of(400, 32);
  config.context_tokens_max = 5000;
  rig r{config};
  ASSERT_TRUE(r.plan_maker.submit(1, ranked(0, 1, 300)));
  r.step();
  ASSERT_TRUE(r.plan_maker.submit(2, request_of(prompt_of(4000, 2), 2)));
  std::size_t steps = 0;
  while (r.results[2].tokens.empty()) {
    const auto before = r.results[1].tokens.size();
    r.step();
    ++steps;
    ASSERT_EQ(r.results[1].tokens.size(), before + 1) << "at step " << steps;
  }
  EXPECT_LE(r.tokens_most, 32U);
  EXPECT_EQ(steps, (4000 + 30) / 31) << "the rest of each step is the prompt's";
}

TEST(scheduler_rank, a_cancelled_request_takes_part_in_no_further_step) {
  rig r{config_of(64, 16)};
  ASSERT_TRUE(r.plan_maker.submit(1, ranked(0, 1, 50)));
  ASSERT_TRUE(r.plan_maker.submit(2, request_of(prompt_of(100, 2), 50)));
  r.step();
  r.step();
  ASSERT_TRUE(r.plan_maker.cancel(1));
  ASSERT_TRUE(r.plan_maker.cancel(2));
  EXPECT_FALSE(r.plan_maker.has_work());
  EXPECT_EQ(r.plan_maker.blocks().referenced(), 0U);
}

TEST(scheduler_rank, choices_of_one_prompt_compute_it_once) {
  rig r{config_of(100, 512)};
  for (request_id id = 1; id <= 4; ++id) {
    auto request = request_of(prompt_of(100, 1), 8);
    request.sampling.seed += id;
    request.ignore_eos = true;
    request.leader = id > 1 ? 1 : 0;
    ASSERT_TRUE(r.plan_maker.submit(id, request));
  }
  r.finish();
  // 96 tokens are whole blocks; the others compute the last 4 and their own output.
  EXPECT_EQ(r.executor.tokens_computed, 100U + 3 * 4 + 4 * 7);
  for (request_id id = 2; id <= 4; ++id) EXPECT_EQ(r.results[id].cached_tokens, 96U);
}

TEST(scheduler_rank, who_waits_for_a_leader_that_left_goes_on_alone) {
  rig r{config_of(100, 16)};
  auto leader = request_of(prompt_of(100, 1), 8);
  ASSERT_TRUE(r.plan_maker.submit(1, leader));
  leader.leader = 1;
  ASSERT_TRUE(r.plan_maker.submit(2, leader));
  ASSERT_TRUE(r.plan_maker.submit(3, request_of(prompt_of(3, 5), 2)));
  r.step();
  ASSERT_TRUE(r.plan_maker.cancel(1));
  r.finish();
  leader.leader = 0;
  EXPECT_EQ(r.results[2].tokens, alone(leader).tokens);
  EXPECT_TRUE(r.results[3].finish);
}

TEST(scheduler_rank, resetting_the_cache_forgets_what_nobody_uses) {
  rig r{config_of(100, 512)};
  const auto request = request_of(prompt_of(100, 1), 2);
  ASSERT_TRUE(r.plan_maker.submit(1, request));
  r.finish();
  EXPECT_GT(r.plan_maker.blocks().published(), 0U);
  r.plan_maker.reset_prefix_cache();
  EXPECT_EQ(r.plan_maker.blocks().published(), 0U);
  ASSERT_TRUE(r.plan_maker.submit(2, request));
  r.finish();
  EXPECT_EQ(r.results[2].cached_tokens, 0U);
  EXPECT_EQ(r.results[2].tokens, r.results[1].tokens);
}

}  // namespace
}  // namespace troupe::engine
