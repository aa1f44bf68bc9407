// Lengths of texts, and the texts.
#include <set>

#include <gtest/gtest.h>

#include "apps/bench/arrivals.hpp"
#include "apps/bench/length_distribution.hpp"
#include "apps/bench/workload_text.hpp"

namespace troupe::apps::bench {
namespace {

using namespace std::chrono_literals;

std::vector<std::uint64_t> draws(const std::string& text, int n) {
  const auto of = length_distribution::parse(text, length_unit::tokens);
  EXPECT_TRUE(of) << text;
  random_stream from{5, "draws"};
  std::vector<std::uint64_t> all;
  for (int i = 0; i < n && of; ++i) all.push_back(of->draw(from).count);
  std::sort(all.begin(), all.end());
  return all;
}

TEST(length_distribution, reads_what_it_writes) {
  for (const char* text :
       {"1", "512", "100-2000", "exponential:800", "lognormal:1500,0.8", "16000000"}) {
    const auto read = length_distribution::parse(text, length_unit::bytes);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->text(), text);
    EXPECT_EQ(read->unit(), length_unit::bytes);
  }
}

TEST(length_distribution, refuses_what_makes_no_sense) {
  for (const char* text : {"",
                           "0",
                           "-1",
                           "x",
                           "10-",
                           "20-10",
                           "1-2-3",
                           "exponential:",
                           "5 ",
                           "exponential:0",
                           "lognormal:5",
                           "lognormal:5,",
                           "lognormal:5,-1",
                           "lognormal:5,99",
                           "lognormal:,1",
                           "16000001",
                           "1e3",
                           "nan",
                           "inf",
                           "normal:5,1"}) {
    EXPECT_FALSE(length_distribution::parse(text, length_unit::tokens)) << text;
  }
}

TEST(length_distribution, draws_from_what_it_is) {
  EXPECT_EQ(draws("512", 3), (std::vector<std::uint64_t>{512, 512, 512}));
  const auto uniform = draws("10-19", 10'000);
  EXPECT_EQ(uniform.front(), 10u);
  EXPECT_EQ(uniform.back(), 19u);
  EXPECT_EQ(std::set(uniform.begin(), uniform.end()).size(), 10u);
  const auto exponential = draws("exponential:1000", 20'000);
  EXPECT_NEAR(static_cast<double>(exponential[10'000]), 693, 30);  // the median, ln 2 of the mean
  const auto lognormal = draws("lognormal:1000,0.5", 20'000);
  EXPECT_NEAR(static_cast<double>(lognormal[10'000]), 1'000, 20);
  EXPECT_NEAR(static_cast<double>(lognormal[16'827]), 1'649, 60);  // one sigma above: e^0.5
}

TEST(length_distribution, stays_within_its_bounds) {
  EXPECT_GE(draws("exponential:1", 10'000).front(), 1u);
  EXPECT_LE(draws("lognormal:16000000,5", 1'000).back(), length_max);
}

TEST(text_scale, turns_tokens_into_bytes_and_leaves_bytes_alone) {
  const text_scale scale{4.5, 10};
  EXPECT_EQ(scale.bytes({100, length_unit::bytes}), 100u);
  EXPECT_EQ(scale.bytes({110, length_unit::tokens}), 450u);
  EXPECT_EQ(scale.bytes({0, length_unit::tokens}), 0u);
  EXPECT_GE(scale.bytes({3, length_unit::tokens}), 1u);  // less than the template has
}

TEST(text_scale, is_solved_from_two_counts) {
  const auto scale = scale_of({400, 110}, {2'400, 510});
  ASSERT_TRUE(scale);
  EXPECT_DOUBLE_EQ(scale->bytes_per_token, 5);
  EXPECT_DOUBLE_EQ(scale->template_tokens, 30);
  EXPECT_FALSE(scale_of({400, 0}, {2'400, 0}));
  EXPECT_FALSE(scale_of({400, 100}, {400, 120}));
  EXPECT_DOUBLE_EQ(scale_of({400, 10}, {2'400, 510})->template_tokens, 0);
}

TEST(workload_text, has_the_length_and_looks_like_language) {
  for (const std::size_t bytes : {0u, 1u, 2u, 5u, 100u, 4'096u}) {
    EXPECT_EQ(make_text({1, "x"}, bytes).size(), bytes);
  }
  const std::string text = make_text({1, "x"}, 10'000);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  EXPECT_NE(text.front(), ' ');
  EXPECT_NE(text.back(), ' ');
  EXPECT_EQ(text.find("  "), std::string::npos);
  const auto blanks = std::count(text.begin(), text.end(), ' ');
  EXPECT_GT(blanks, 10'000 / 8);
  EXPECT_LT(blanks, 10'000 / 4);
}

TEST(workload_text, differs_from_the_start_with_the_key) {
  std::set<std::string> starts;
  for (std::uint64_t user = 0; user < 1'000; ++user) {
    starts.insert(make_text({1, "context", user}, 64));
  }
  EXPECT_EQ(starts.size(), 1'000u);
  EXPECT_EQ(make_text({1, "context", 7}, 64), make_text({1, "context", 7}, 5'000).substr(0, 64));
}

TEST(arrivals, at_even_steps_do_not_drift) {
  arrivals even{arrival_kind::fixed, 3, {1, "a"}};
  EXPECT_EQ(even.next(), 0ns);
  for (int i = 1; i < 3'000; ++i) even.next();
  EXPECT_EQ(even.next(), 1'000s);
}

TEST(arrivals, at_random_keep_the_rate_and_their_order) {
  arrivals random{arrival_kind::poisson, 100, {1, "a"}};
  std::chrono::nanoseconds last{0};
  int bunched = 0;  // closer than half the mean: 1 - e^-0.5 of them
  for (int i = 0; i < 20'000; ++i) {
    const auto at = random.next();
    ASSERT_GE(at, last);
    if (at - last < 5ms) ++bunched;
    last = at;
  }
  EXPECT_NEAR(std::chrono::duration<double>(last).count(), 200, 6);
  EXPECT_NEAR(bunched / 20'000.0, 0.393, 0.02);
}

}  // namespace
}  // namespace troupe::apps::bench
