// Runs in virtual time against servers that are made up: what is measured is known.
#include "apps/bench/run_core.hpp"

#include <deque>

#include <gtest/gtest.h>

#include "apps/bench/figures.hpp"
#include "apps/bench/load_workload.hpp"
#include "apps/bench/multi_round_workload.hpp"

namespace troupe::apps::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// Serves one request at a time, in order, and does nothing at all while it is stalled.
struct stalling_server {
  nanoseconds service{10ms};
  nanoseconds stalls_at{nanoseconds::max()}, stalls_until{nanoseconds::max()};
  nanoseconds free_at{0};

  // When the answer to a request that comes now is there.
  nanoseconds answer_at(nanoseconds now) {
    nanoseconds begin = std::max(now, free_at);
    if (begin >= stalls_at && begin < stalls_until) begin = stalls_until;
    if (begin < stalls_at && begin + service > stalls_at) begin = stalls_until;
    return free_at = begin + service;
  }
};

// Drives a run to its end in virtual time, or until it is interrupted.
run_result drive(run_core& core, stalling_server server,
                 nanoseconds interrupt_at = nanoseconds::max()) {
  std::deque<std::pair<nanoseconds, std::uint64_t>> answers;
  nanoseconds now{0};
  while (!core.is_finished()) {
    while (const auto asked = core.start(now)) {
      answers.emplace_back(server.answer_at(now), asked->id);
    }
    if (core.is_finished()) break;
    nanoseconds next = core.next_wake().value_or(nanoseconds::max());
    if (!answers.empty()) next = std::min(next, answers.front().first);
    if (next >= interrupt_at) {
      core.interrupt(interrupt_at);
      break;
    }
    now = std::max(now, next);
    if (answers.empty() || answers.front().first > now) continue;
    const auto id = answers.front().second;
    answers.pop_front();
    core.content(id, 1, now);
    core.ended(id, {.text = "x", .usage = {10, 4, 1, true, true}, .failure = {}, .reason = {}},
               now);
  }
  return core.take_result();
}

std::unique_ptr<workload> even_load(double rate, std::uint64_t requests) {
  load_settings load;
  load.rate = rate;
  load.arrivals = arrival_kind::fixed;
  load.prompt = length_distribution{{10, length_unit::bytes}};
  return std::make_unique<load_workload>(load, requests, workload_seeds{}, text_scale{});
}

TEST(run_core, counts_a_stall_against_everybody_who_waited) {
  // 20 requests a second for 20 s; the server stands still from the 5th to the 10th second.
  run_core core{even_load(20, 400), {}};
  const run_result run = drive(core, {10ms, 5s, 10s});
  ASSERT_EQ(run.records.size(), 400u);
  const figures got = figures_of({&run, 1});
  // The one that came at 5.00 s waits 5 s, the next 4.97 s, and so on, until the 125th.
  std::size_t slow = 0;
  for (const request_record& each : run.records) slow += each.ended - each.due > 500ms;
  EXPECT_EQ(slow, 113u);
  EXPECT_NEAR(got.end_to_end_s.max, 5.01, 0.001);
  EXPECT_NEAR(got.end_to_end_s.p90, 3.4, 0.3);
  EXPECT_NEAR(got.ttft_s.mean, 0.797, 0.001);
  // Nothing was late on our side.
  EXPECT_EQ(got.lateness_s.max, 0);
}

TEST(run_core, does_not_let_a_connection_limit_hide_the_same_stall) {
  run_core core{even_load(20, 400), {.connections_max = 1, .warmup = {}, .duration = {}}};
  const run_result run = drive(core, {10ms, 5s, 10s});
  const figures got = figures_of({&run, 1});
  EXPECT_EQ(got.under_way_max, 1u);
  // From due time on it is what it was without the limit; what a closed loop would have told, from
  // the sending on, sees one slow request of 400.
  EXPECT_NEAR(got.end_to_end_s.p90, 3.4, 0.3);
  EXPECT_NEAR(got.end_to_end_s.max, 5.01, 0.001);
  EXPECT_NEAR(got.sent_end_to_end_s.p99, 0.01, 0.001);
  EXPECT_GT(got.lateness_s.p90, 3);
}

TEST(run_core, sends_nothing_before_it_is_due) {
  run_core core{even_load(10, 3), {}};
  EXPECT_EQ(core.next_wake(), 0ns);
  EXPECT_TRUE(core.start(0ns));
  EXPECT_FALSE(core.start(99ms));
  EXPECT_EQ(core.next_wake(), 100ms);
  const auto late = core.start(130ms);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->due, 100ms);
  EXPECT_FALSE(core.is_finished());
}

TEST(run_core, ends_with_the_duration_and_what_is_under_way) {
  run_core core{even_load(10, 0), {.connections_max = 100, .warmup = {}, .duration = 2s}};
  const run_result run = drive(core, {10ms, 1'850ms, 4s});
  ASSERT_EQ(run.records.size(), 20u);
  EXPECT_EQ(run.records.back().ended, 4'010ms);
  EXPECT_FALSE(run.is_interrupted);
  for (const request_record& each : run.records) EXPECT_LT(each.due, 2s);
}

TEST(run_core, leaves_the_warm_up_out_of_the_figures) {
  run_core core{even_load(10, 40), {.connections_max = 100, .warmup = 1s, .duration = {}}};
  const run_result run = drive(core, {10ms, 0s, 900ms});
  const figures got = figures_of({&run, 1});
  EXPECT_EQ(got.warmup_requests, 10u);
  EXPECT_EQ(got.answered, 30u);
  EXPECT_NEAR(got.ttft_s.max, 0.010, 0.001);
  EXPECT_EQ(got.cached_tokens, 120u);
  EXPECT_NEAR(got.seconds, 2.91, 0.001);  // from the due time of the eleventh
}

TEST(run_core, reports_what_was_there_at_an_interrupt) {
  run_core core{even_load(10, 1'000), {}};
  const run_result run = drive(core, {10ms, 3s, 100s}, 5s);
  EXPECT_TRUE(run.is_interrupted);
  const figures got = figures_of({&run, 1});
  EXPECT_EQ(got.answered, 30u);
  EXPECT_EQ(got.unfinished, 20u);
  EXPECT_EQ(got.failed, 0u);
  EXPECT_FALSE(exceeds(got, {}));
  EXPECT_TRUE(core.is_finished());
}

TEST(run_core, lets_a_late_answer_delay_the_next_question_and_counts_it) {
  multi_round_settings talk;
  talk.users = 1;
  talk.rounds = 3;
  talk.qps = 1;
  talk.arrivals = arrival_kind::fixed;
  talk.system = talk.context = talk.question = {10, length_unit::bytes};
  run_core core{std::make_unique<multi_round_workload>(talk, false, workload_seeds{}, text_scale{}),
                {}};
  // Due at 0, 1 and 2 s; the first answer takes 3 s, so the others are asked at 3 s and after.
  const run_result run = drive(core, {100ms, 0s, 2'900ms});
  ASSERT_EQ(run.records.size(), 3u);
  EXPECT_EQ(run.records[1].due, 1s);
  EXPECT_EQ(run.records[1].sent, 3s);
  EXPECT_EQ(run.records[1].ended, 3'100ms);
  EXPECT_EQ(run.records[2].due, 2s);
  EXPECT_EQ(run.records[2].sent, 3'100ms);
  const figures got = figures_of({&run, 1});
  ASSERT_EQ(got.rounds.size(), 3u);
  EXPECT_DOUBLE_EQ(got.rounds[1].ttft_mean_s, 2.1);
  EXPECT_DOUBLE_EQ(got.sent_ttft_s.p50, 0.1);
}

TEST(run_core, measures_the_gaps_between_pieces) {
  run_core core{even_load(1, 1), {}};
  const auto id = core.start(0ns)->id;
  core.content(id, 0, 5ms);  // an event without content
  core.content(id, 1, 50ms);
  core.content(id, 1, 60ms);
  core.content(id, 3, 90ms);  // came together
  core.ended(id, {.text = {}, .usage = {5, 0, 9, true, false}, .failure = {}, .reason = {}}, 95ms);
  const run_result run = core.take_result();
  EXPECT_EQ(run.records.at(0).first, 50ms);
  EXPECT_EQ(run.records.at(0).pieces, 5u);
  EXPECT_EQ(run.gaps_s.sorted().size(), 4u);
  EXPECT_NEAR(run.gaps_s.summary().mean, 0.010, 1e-9);
  const figures got = figures_of({&run, 1});
  EXPECT_NEAR(got.per_token_s.mean, 0.040 / 8, 1e-9);  // 9 tokens, as told
  EXPECT_EQ(got.usage_told, 1u);
  EXPECT_EQ(got.cache_told, 0u);
}

TEST(run_core, counts_failures_by_kind_within_a_bound) {
  run_core core{even_load(1'000, 100), {}};
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto asked = core.start(1s);
    ASSERT_TRUE(asked);
    const std::string kind = i < 3 ? "timeout" : "http_" + std::to_string(i);
    core.ended(asked->id, {.text = {}, .usage = {}, .failure = kind, .reason = "n" + kind}, 1s);
  }
  EXPECT_EQ(core.progress().failed, 100u);
  const run_result run = core.take_result();
  EXPECT_LE(run.failures.size(), failure_kinds_max);
  EXPECT_EQ(run.failures.at("timeout").count, 3u);
  EXPECT_EQ(run.failures.at("timeout").example, "ntimeout");
  EXPECT_EQ(run.failures.at("other").count, 100 - 3 - (failure_kinds_max - 2));
  EXPECT_EQ(figures_of({&run, 1}).failed, 100u);
}

TEST(run_core, does_not_mind_answers_to_nothing) {
  run_core core{even_load(1, 1), {}};
  core.content(7, 1, 0ns);
  core.ended(7, {}, 0ns);
  EXPECT_EQ(core.progress().answered, 0u);
  EXPECT_EQ(core.progress().under_way, 0u);
}

TEST(figures, sum_up_runs_and_rate_them) {
  std::vector<run_result> runs;
  for (int i = 0; i < 2; ++i) {
    run_core core{even_load(10, 11), {}};
    runs.push_back(drive(core, {10ms}));
  }
  const figures got = figures_of(runs);
  EXPECT_EQ(got.answered, 22u);
  EXPECT_NEAR(got.seconds, 2 * 1.01, 1e-9);
  EXPECT_NEAR(got.requests_per_s, 22 / 2.02, 1e-9);
  EXPECT_NEAR(got.prompt_tokens_per_s, 220 / 2.02, 1e-9);
  EXPECT_DOUBLE_EQ(got.hit_rate, 0.4);
  EXPECT_EQ(got.cache_told, 22u);
  EXPECT_EQ(figures_of({}).requests_per_s, 0);
}

TEST(figures, exceed_a_number_or_a_share_of_failures) {
  figures found;
  found.answered = 98;
  found.failed = 2;
  EXPECT_TRUE(exceeds(found, {0, false}));
  EXPECT_TRUE(exceeds(found, {1, false}));
  EXPECT_FALSE(exceeds(found, {2, false}));
  EXPECT_TRUE(exceeds(found, {0.019, true}));
  EXPECT_FALSE(exceeds(found, {0.02, true}));
}

}  // namespace
}  // namespace troupe::apps::bench
