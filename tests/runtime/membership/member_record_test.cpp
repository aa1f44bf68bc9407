#include "runtime/membership/member_record.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "runtime/membership/member_table.hpp"
#include "runtime/membership/rumours.hpp"

namespace troupe {
namespace {

member_record record(std::uint64_t incarnation, member_state state, std::uint64_t refutation = 0) {
  return {{{"a", incarnation}, "tcp://a", {}, {}, 1}, state, refutation, {}};
}

TEST(member_record, a_higher_incarnation_wins_over_all_of_a_lower) {
  EXPECT_TRUE(supersedes(record(2, member_state::up), record(1, member_state::left, 9)));
  EXPECT_FALSE(supersedes(record(1, member_state::left, 9), record(2, member_state::up)));
}

TEST(member_record, no_refutation_brings_back_what_has_ended) {
  EXPECT_TRUE(supersedes(record(1, member_state::down), record(1, member_state::up, 99)));
  EXPECT_FALSE(supersedes(record(1, member_state::up, 99), record(1, member_state::down)));
  EXPECT_FALSE(supersedes(record(1, member_state::down), record(1, member_state::left)));
}

TEST(member_record, a_suspicion_stands_until_it_is_refuted) {
  EXPECT_TRUE(supersedes(record(1, member_state::suspect, 3), record(1, member_state::up, 3)));
  EXPECT_FALSE(supersedes(record(1, member_state::up, 3), record(1, member_state::suspect, 3)));
  EXPECT_TRUE(supersedes(record(1, member_state::up, 4), record(1, member_state::suspect, 3)));
}

TEST(member_record, the_order_of_news_does_not_matter) {
  std::mt19937_64 random{7};
  for (int round = 0; round < 2'000; ++round) {
    std::vector<member_record> heard;
    for (int i = 0; i < 6; ++i) {
      heard.push_back(record(random() % 3, static_cast<member_state>(random() % 4), random() % 3));
    }
    const auto result = [](const std::vector<member_record>& in) {
      auto best = in.front();
      for (const auto& r : in) best = supersedes(r, best) ? r : best;
      return best;
    };
    const auto first = result(heard);
    std::ranges::shuffle(heard, random);
    const auto second = result(heard);
    EXPECT_FALSE(supersedes(first, second) || supersedes(second, first));
  }
}

TEST(member_record, names_what_is_out_of_bounds) {
  auto r = record(1, member_state::up);
  EXPECT_EQ(flaw(r), "");
  r.node.id.name = std::string(65, 'x');
  EXPECT_NE(flaw(r), "");
  r = record(1, member_state::up);
  r.node.endpoint = "";
  EXPECT_NE(flaw(r), "");
  r = record(1, member_state::up);
  for (int i = 0; i < 9; ++i) r.node.labels[std::to_string(i)] = "v";
  EXPECT_NE(flaw(r), "");
  r = record(1, member_state::up);
  r.node.roles.assign(9, "engine");
  EXPECT_NE(flaw(r), "");
  for (const std::uint16_t weight : {0, 1001}) {
    r = record(1, member_state::up);
    r.node.weight = weight;
    EXPECT_NE(flaw(r), "");
  }
  r = record(1, member_state::up);
  r.accuser = "no name";
  EXPECT_NE(flaw(r), "");
}

TEST(rumours, are_told_least_often_first_and_not_for_ever) {
  rumours r;
  r.add("a");
  EXPECT_EQ(r.take(2, 3), std::vector<std::string>{"a"});
  r.add("b");
  EXPECT_EQ(r.take(1, 3), std::vector<std::string>{"b"});
  EXPECT_EQ(r.take(2, 3), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(r.take(2, 3), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(r.empty());
}

TEST(suspicion_time, shrinks_with_each_confirmation) {
  const membership_options options;
  member m;
  auto before = suspicion_time(m, options, 3) + std::chrono::nanoseconds{1};
  EXPECT_EQ(suspicion_time(m, options, 3), options.suspicion_max);
  for (const auto* name : {"a", "b", "c", "d"}) {
    m.accusers.insert(name);
    EXPECT_LT(suspicion_time(m, options, 3), before);
    before = suspicion_time(m, options, 3) + std::chrono::nanoseconds{m.accusers.size() == 4};
  }
  EXPECT_EQ(suspicion_time(m, options, 3), options.suspicion_min);
  EXPECT_EQ(suspicion_time(m, options, 0), options.suspicion_min);
  m.lost = true;
  EXPECT_EQ(suspicion_time(m, options, 3), options.lost_suspicion_min);
}

TEST(member_table, makes_room_only_from_what_has_ended) {
  member_table table;
  time_point now{};
  const auto named = [](std::size_t i, member_state state) {
    auto r = record(1, state);
    r.node.id.name = std::to_string(i);
    return r;
  };
  const auto most = member_limits::members_max;
  for (std::size_t i = 0; i + 1 < most; ++i) {
    ASSERT_NE(table.add(named(i, member_state::up), now), nullptr);
  }
  ASSERT_NE(table.add(named(most, member_state::down), now), nullptr);
  EXPECT_EQ(table.add(named(most + 1, member_state::down), now), nullptr);
  EXPECT_NE(table.add(named(most + 2, member_state::up), now), nullptr);
  EXPECT_EQ(table.find(std::to_string(most)), nullptr);
  EXPECT_EQ(table.add(named(most + 3, member_state::up), now), nullptr);
  EXPECT_EQ(table.records().size(), most);
}

}  // namespace
}  // namespace troupe
