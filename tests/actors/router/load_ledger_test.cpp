// Leases, first tokens and waiting time of engines.
#include "actors/router/load_ledger.hpp"

#include <random>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

time_point at(milliseconds since) {
  return time_point{} + 1h + since;
}

class load_ledger_test : public testing::Test {
 protected:
  load_ledger_test() {
    ledger_.add_engine(0);
    ledger_.add_engine(1);
  }

  lease_id assign(std::uint32_t slot, milliseconds own, milliseconds now) {
    return ledger_.assign({.slot = slot,
                           .own_time = own,
                           .assigned = at(now),
                           .deadline = at(now) + 10s,
                           .model = {}});
  }

  load_ledger ledger_;
};

TEST_F(load_ledger_test, sums_what_waits_less_what_the_first_has_run) {
  assign(0, 100ms, 0ms);
  const auto second = assign(0, 50ms, 10ms);
  assign(1, 7ms, 10ms);
  EXPECT_EQ(ledger_.waiting_time(0, at(10ms)), 140ms);
  EXPECT_EQ(ledger_.waiting_time(0, at(90ms)), 60ms);
  EXPECT_EQ(ledger_.waiting_time(0, at(500ms)), 50ms);  // overdue: only the first is used up
  EXPECT_EQ(ledger_.load(0), 2u);
  EXPECT_EQ(ledger_.load(1), 1u);
  ledger_.finish(second, at(500ms));
  EXPECT_EQ(ledger_.waiting_time(0, at(510ms)), 90ms);
}

TEST_F(load_ledger_test, measures_own_time_from_when_the_engine_was_free) {
  const auto a = assign(0, 100ms, 0ms);
  const auto b = assign(0, 100ms, 20ms);
  EXPECT_TRUE(ledger_.first_token(a, 120ms, at(121ms)));
  EXPECT_TRUE(ledger_.first_token(b, 180ms, at(205ms)));
  EXPECT_FALSE(ledger_.first_token(b, 180ms, at(205ms)));
  EXPECT_EQ(ledger_.waiting_time(0, at(205ms)), 0ms);
  EXPECT_EQ(ledger_.load(0), 2u);
  EXPECT_EQ(ledger_.finish(a, at(1s))->measured, 120ms);
  EXPECT_EQ(ledger_.finish(b, at(1s))->measured, 80ms);  // 200 less 120
  EXPECT_EQ(ledger_.load(0), 0u);
}

TEST_F(load_ledger_test, does_not_learn_beside_other_routers) {
  const auto a = assign(0, 100ms, 0ms);
  ledger_.report_load(0, {.running = 3, .waiting = 1});
  EXPECT_EQ(ledger_.load(0), 4u);  // 3 of others and ours
  ledger_.first_token(a, 50ms, at(50ms));
  EXPECT_EQ(ledger_.finish(a, at(1s))->measured, 0ms);
  EXPECT_EQ(ledger_.load(0), 3u);
  ledger_.report_load(0, {});
  EXPECT_EQ(ledger_.load(0), 0u);
}

TEST_F(load_ledger_test, shrugs_at_leases_it_does_not_know) {
  const auto a = assign(0, 1ms, 0ms);
  EXPECT_TRUE(ledger_.finish(a, at(0ms)));
  EXPECT_FALSE(ledger_.finish(a, at(0ms)));
  EXPECT_FALSE(ledger_.first_token(a, 1ms, at(1ms)));
  EXPECT_FALSE(ledger_.finish(lease_id{999}, at(0ms)));
  EXPECT_EQ(ledger_.size(), 0u);
}

TEST_F(load_ledger_test, drops_a_lease_nobody_ends) {
  const auto a = assign(0, 1ms, 0ms);
  const auto b = assign(0, 1ms, 5ms);
  ledger_.first_token(b, 1ms, at(6ms));
  EXPECT_TRUE(ledger_.expire(at(9'999ms)).empty());
  EXPECT_EQ(ledger_.expire(at(10'000ms)), std::vector{a});
  EXPECT_EQ(ledger_.expire(at(11'000ms)), std::vector{b});
  EXPECT_EQ(ledger_.load(0), 0u);
  EXPECT_EQ(ledger_.waiting_time(0, at(11s)), 0ms);
}

TEST_F(load_ledger_test, empties_an_engine_that_is_gone) {
  const auto a = assign(0, 1ms, 0ms);
  const auto b = assign(1, 1ms, 0ms);
  ledger_.report_load(0, {.running = 9, .waiting = 9});
  EXPECT_EQ(ledger_.drop_engine(0), std::vector{a});
  EXPECT_EQ(ledger_.load(0), 0u);
  EXPECT_EQ(ledger_.load(1), 1u);
  EXPECT_FALSE(ledger_.finish(a, at(1ms)));
  EXPECT_TRUE(ledger_.expire(at(1min)) == std::vector{b});
}

TEST_F(load_ledger_test, averages_the_load_of_late) {
  const auto a = assign(0, 1ms, 0ms);
  EXPECT_NEAR(ledger_.average_load(0, at(0ms)), 0, 1e-9);
  EXPECT_NEAR(ledger_.average_load(0, at(300s)), 1, 1e-3);
  ledger_.finish(a, at(300s));
  EXPECT_NEAR(ledger_.average_load(0, at(330s)), 0.368, 1e-2);
  EXPECT_NEAR(ledger_.average_load(1, at(330s)), 0, 1e-9);
}

TEST_F(load_ledger_test, presumes_the_first_token_of_a_whole_answer) {
  const auto whole = [&](milliseconds own, milliseconds now) {
    return ledger_.assign({.slot = 0,
                           .own_time = own,
                           .assigned = at(now),
                           .deadline = at(now) + 10s,
                           .streamed = false,
                           .model = {}});
  };
  const auto a = whole(100ms, 0ms), b = whole(50ms, 0ms);
  const auto streamed = assign(0, 30ms, 0ms);
  EXPECT_EQ(ledger_.waiting_time(0, at(99ms)), 81ms);
  EXPECT_EQ(ledger_.waiting_time(0, at(120ms)), 60ms);  // the second has run 20 ms of its 50
  EXPECT_EQ(ledger_.waiting_time(0, at(10s)), 0ms);     // the streamed one is overdue
  EXPECT_EQ(ledger_.load(0), 3u);
  EXPECT_TRUE(ledger_.first_token(streamed, 175ms, at(175ms)));
  EXPECT_EQ(ledger_.finish(streamed, at(11s))->measured, 25ms);
  EXPECT_EQ(ledger_.finish(a, at(11s))->measured, 0ms);
  EXPECT_EQ(ledger_.finish(b, at(11s))->measured, 0ms);
  EXPECT_EQ(ledger_.load(0), 0u);
}

TEST_F(load_ledger_test, a_whole_answer_before_its_time_says_the_estimate_was_too_high) {
  const auto early = ledger_.assign({.slot = 0,
                                     .own_time = 100ms,
                                     .assigned = at(0ms),
                                     .deadline = at(10s),
                                     .streamed = false,
                                     .model = {}});
  EXPECT_EQ(ledger_.slot_of_lease(early), 0u);
  EXPECT_EQ(ledger_.own_load(0), 1u);
  EXPECT_EQ(ledger_.finish(early, at(40ms))->measured, 40ms);
  EXPECT_FALSE(ledger_.slot_of_lease(early));
}

TEST_F(load_ledger_test, never_drifts) {
  std::mt19937 random{5};
  std::vector<lease_id> open;
  for (int i = 0; i < 20'000; ++i) {
    const milliseconds now{i};
    if (open.empty() || random() % 2 == 0) {
      open.push_back(assign(random() % 2, milliseconds{random() % 1'000}, now));
    } else {
      const auto pick = random() % open.size();
      if (random() % 2 == 0) ledger_.first_token(open[pick], milliseconds{random() % 50}, at(now));
      ledger_.finish(open[pick], at(now));
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(pick));
    }
    if (i % 1'000 == 0) ledger_.report_load(0, {.running = ledger_.load(0), .waiting = 0});
  }
  for (const auto id : open) ledger_.finish(id, at(1h));
  for (const std::uint32_t slot : {0u, 1u}) {
    EXPECT_EQ(ledger_.load(slot), 0u);
    EXPECT_EQ(ledger_.waiting_time(slot, at(1h)), 0ms);
  }
  EXPECT_TRUE(ledger_.expire(at(100h)).empty());
}

}  // namespace
}  // namespace troupe::actors
