// Flows share a queue by what they ask for, and the past is forgotten.
#include "actors/router/fair_flows.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

struct waiting {
  double tag;
  int number;
  std::string flow;
  double tokens;

  bool operator<(const waiting& other) const {
    return std::pair{tag, number} < std::pair{other.tag, other.number};
  }
};

TEST(fair_flows, one_flow_is_served_in_order) {
  fair_flows flows;
  const auto first = flows.enter("a", 10), second = flows.enter("a", 10);
  EXPECT_LT(first, second);
  EXPECT_FALSE(flows.empty());
}

TEST(fair_flows, a_newcomer_is_not_behind_the_backlog_of_another) {
  fair_flows flows;
  for (int i = 0; i < 100; ++i) flows.enter("greedy", 10);
  EXPECT_EQ(flows.enter("modest", 10), 0);
}

TEST(fair_flows, what_is_taken_back_was_never_asked_for) {
  fair_flows flows;
  flows.enter("a", 10);
  const auto last = flows.enter("a", 10);
  flows.take_back("a", last);
  flows.leave("a");
  EXPECT_EQ(flows.next_tag("a"), last);
  EXPECT_EQ(flows.enter("a", 10), last);
  EXPECT_EQ(flows.next_tag("b"), 0);
}

TEST(fair_flows, who_was_away_has_saved_nothing) {
  fair_flows flows;
  for (int i = 0; i < 50; ++i) {
    flows.serve(flows.enter("a", 100));
    flows.leave("a");
  }
  const auto a = flows.enter("a", 100), b = flows.enter("b", 100);
  EXPECT_LE(a - b, 100);
}

TEST(fair_flows, forgets_flows_that_do_not_matter) {
  fair_flows flows;
  flows.enter("always there", 1);
  for (int i = 0; i < 100'000; ++i) {
    const auto name = "flow " + std::to_string(i);
    flows.serve(flows.enter(name, 1'000));
    flows.leave(name);
  }
  EXPECT_LT(flows.flow_count(), 5'000u);
}

class fair_share : public testing::TestWithParam<std::uint32_t> {};

// Flows that always have requests waiting get the same number of tokens, up to one request each.
TEST_P(fair_share, is_equal_whatever_the_sizes) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::mt19937 random{GetParam()};
  const int count = 2 + static_cast<int>(random() % 6);
  std::vector<double> sizes;
  for (int f = 0; f < count; ++f) sizes.push_back(1 + random() % 1'000);
  fair_flows flows;
  std::vector<waiting> queue;
  int number = 0;
  const auto enter = [&](int f) {
    const auto name = std::to_string(f);
    queue.push_back({flows.enter(name, sizes[f]), number++, name, sizes[f]});
  };
  for (int f = 0; f < count; ++f) {
    for (int i = 0; i < 5; ++i) enter(f);
  }
  std::map<std::string, double> served;
  for (int i = 0; i < 5'000; ++i) {
    const auto next = std::min_element(queue.begin(), queue.end());
    const auto taken = *next;
    queue.erase(next);
    flows.serve(taken.tag);
    flows.leave(taken.flow);
    served[taken.flow] += taken.tokens;
    enter(std::stoi(taken.flow));
  }
  double least = 1e300, most = 0;
  for (const auto& [flow, tokens] : served) {
    least = std::min(least, tokens);
    most = std::max(most, tokens);
  }
  EXPECT_EQ(served.size(), static_cast<std::size_t>(count));
  EXPECT_LE(most - least, 2 * *std::max_element(sizes.begin(), sizes.end()));
}

INSTANTIATE_TEST_SUITE_P(seeds, fair_share, testing::Range(1U, 16U));

}  // namespace
}  // namespace troupe::actors
