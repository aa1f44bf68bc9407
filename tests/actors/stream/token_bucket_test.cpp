#include "actors/stream/token_bucket.hpp"

#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{std::chrono::hours{1'000}};

TEST(token_bucket, a_rate_of_nothing_is_no_limit) {
  token_bucket bucket{0, 1};
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(bucket.take(start, 1e9), 0ns);
}

TEST(token_bucket, gives_its_burst_and_then_its_rate) {
  token_bucket bucket{10, 5};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(start, 1), 0ns) << i;
  EXPECT_EQ(bucket.take(start, 1), 100ms);
  EXPECT_EQ(bucket.take(start + 50ms, 1), 50ms);
  EXPECT_EQ(bucket.take(start + 100ms, 1), 0ns);
  EXPECT_EQ(bucket.take(start + 100ms, 1), 100ms);
  EXPECT_EQ(bucket.take(start + 200ms, 2), 100ms);
  EXPECT_EQ(bucket.take(start + 300ms, 2), 0ns);
}

TEST(token_bucket, a_refusal_takes_nothing) {
  token_bucket bucket{1, 2};
  EXPECT_EQ(bucket.take(start, 2), 0ns);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.take(start, 1), 1s);
  EXPECT_EQ(bucket.take(start + 1s, 1), 0ns);
}

TEST(token_bucket, a_rest_fills_it_to_the_burst_and_no_further) {
  token_bucket bucket{10, 5};
  EXPECT_EQ(bucket.take(start, 5), 0ns);
  EXPECT_DOUBLE_EQ(bucket.level(start), 0);
  EXPECT_DOUBLE_EQ(bucket.level(start + 24h), 5);
  EXPECT_EQ(bucket.take(start + 24h, 5), 0ns);
  EXPECT_EQ(bucket.take(start + 24h, 1), 100ms);
}

TEST(token_bucket, more_than_the_burst_needs_a_full_bucket) {
  token_bucket bucket{10, 5};
  EXPECT_EQ(bucket.take(start, 1'000), 0ns);
  EXPECT_EQ(bucket.take(start, 1'000), 500ms);
  EXPECT_EQ(bucket.take(start + 499ms, 1'000), 1ms);
}

TEST(token_bucket, a_debt_is_waited_for_and_what_is_given_back_can_be_taken) {
  token_bucket bucket{10, 10};
  bucket.charge(start, 30);
  EXPECT_DOUBLE_EQ(bucket.level(start), -20);
  EXPECT_EQ(bucket.take(start, 1), 2'100ms);
  bucket.charge(start, -25);
  EXPECT_DOUBLE_EQ(bucket.level(start), 5);
  EXPECT_EQ(bucket.take(start, 5), 0ns);
  bucket.charge(start, -100);  // more than was taken: full, and not fuller
  EXPECT_DOUBLE_EQ(bucket.level(start), 10);
}

TEST(token_bucket, absurd_amounts_do_not_overflow) {
  token_bucket bucket{0.001, 1};
  for (int i = 0; i < 1'000; ++i) bucket.charge(start, 1e300);
  EXPECT_EQ(bucket.take(start, 1), 24h);
  token_bucket paid_back{1, 1};
  for (int i = 0; i < 1'000; ++i) paid_back.charge(start, -1e300);
  EXPECT_DOUBLE_EQ(paid_back.level(start), 1);
}

TEST(token_bucket, at_a_new_rate_what_was_taken_stays_taken) {
  token_bucket bucket{10, 100};
  EXPECT_EQ(bucket.take(start, 80), 0ns);
  bucket.set_rate(start, 20, 200);
  EXPECT_DOUBLE_EQ(bucket.level(start), 120);
  EXPECT_EQ(bucket.take(start, 120), 0ns);
  EXPECT_EQ(bucket.take(start, 1), 50ms);
  bucket.set_rate(start + 5s, 1, 60);  // 100 have come back, 100 are still missing
  EXPECT_DOUBLE_EQ(bucket.level(start + 5s), -40);
  EXPECT_EQ(bucket.take(start + 5s, 1), 41s);
  bucket.set_rate(start + 5s, 1, 60);
  EXPECT_DOUBLE_EQ(bucket.level(start + 5s), -40);
}

TEST(token_bucket, a_limit_that_comes_after_none_begins_full) {
  token_bucket bucket{10, 10};
  EXPECT_EQ(bucket.take(start, 10), 0ns);
  bucket.set_rate(start, 0, 1);
  EXPECT_EQ(bucket.take(start, 1e9), 0ns);
  bucket.set_rate(start + 1s, 10, 10);
  EXPECT_DOUBLE_EQ(bucket.level(start + 1s), 10);
  token_bucket never_used{0, 1};
  never_used.set_rate(start, 10, 10);
  EXPECT_EQ(never_used.take(start, 10), 0ns);
  EXPECT_EQ(never_used.take(start, 1), 100ms);
}

// Over any stretch of time no more is given than burst + rate * time; and who asks again after the
// wait he was told gets it.
TEST(token_bucket, never_gives_more_than_its_rate) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  for (int round = 0; round < 100; ++round) {
    const double rate = 1 + random() % 1'000;
    const double burst = 1 + random() % 100;
    token_bucket bucket{rate, burst};
    auto at = start;
    double given = 0;
    for (int step = 0; step < 300; ++step) {
      const double amount = 1 + random() % 10;
      const double wanted = std::min(amount, burst);
      const auto wait = bucket.take(at, amount);
      if (wait == 0ns) {
        given += wanted;
      } else {
        at += std::chrono::ceil<std::chrono::milliseconds>(wait);
        EXPECT_EQ(bucket.take(at, amount), 0ns);
        given += wanted;
      }
      at += std::chrono::milliseconds{random() % 20};
      const auto seconds = std::chrono::duration<double>(at - start).count();
      ASSERT_LE(given, burst + rate * seconds + 1e-3);
    }
  }
}

TEST(token_bucket, threads_share_it_and_none_takes_twice) {
  token_bucket bucket{1, 10'000};
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5'000; ++n) taken += bucket.take(start, 1) == 0ns ? 1 : 0;
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(taken, 10'000);
}

}  // namespace
}  // namespace troupe::actors
