// What is sent when: load and multi-round.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "apps/bench/load_workload.hpp"
#include "apps/bench/multi_round_workload.hpp"
#include "apps/bench/workload_maker.hpp"

namespace troupe::apps::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

multi_round_settings small_talk() {
  multi_round_settings talk;
  talk.users = 4;
  talk.rounds = 3;
  talk.qps = 2;  // each user asks every 2 s on average
  talk.system = {40, length_unit::bytes};
  talk.context = {80, length_unit::bytes};
  talk.question = {20, length_unit::bytes};
  talk.answer_tokens = 7;
  return talk;
}

// Takes everything, answering each request after `delay`.
std::vector<planned_request> play(workload& what, nanoseconds delay, nanoseconds until) {
  std::vector<planned_request> all;
  std::multimap<nanoseconds, planned_request> answers;
  nanoseconds now{0};
  for (;;) {
    const auto due = what.next_due();
    if (!answers.empty() && (!due || answers.begin()->first <= std::max(*due, now))) {
      now = std::max(now, answers.begin()->first);
      what.ended(answers.begin()->second, "an answer");
      answers.erase(answers.begin());
      continue;
    }
    if (!due || *due >= until) return all;
    now = std::max(now, *due);
    all.push_back(what.take());
    answers.emplace(now + delay, all.back());
  }
}

TEST(load_workload, keeps_the_rate_whatever_becomes_of_the_answers) {
  load_settings load;
  load.rate = 50;
  load.prompt = length_distribution{{100, length_unit::bytes}};
  load_workload what{load, 1'000, {1, 1}, {}};
  nanoseconds last{0};
  std::set<std::string> prompts;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(what.next_due());
    const auto due = *what.next_due();
    const auto asked = what.take();
    EXPECT_EQ(asked.id, i);
    EXPECT_EQ(asked.due, due);
    EXPECT_GE(due, last);
    last = due;
    ASSERT_EQ(asked.messages.size(), 1u);
    EXPECT_EQ(asked.messages[0].text->size(), 100u);
    prompts.insert(*asked.messages[0].text);
  }
  EXPECT_FALSE(what.next_due());
  EXPECT_NEAR(std::chrono::duration<double>(last).count(), 20, 3);
  EXPECT_EQ(prompts.size(), 1'000u);
}

TEST(load_workload, has_one_schedule_for_all_texts) {
  load_settings load;
  load.prompt = *length_distribution::parse("10-500", length_unit::tokens);
  load.answer = *length_distribution::parse("exponential:50", length_unit::tokens);
  load.system = {30, length_unit::tokens};
  load_workload a{load, 100, {5, 1}, {}}, b{load, 100, {5, 2}, {}}, c{load, 100, {6, 1}, {}};
  int other_times = 0;
  for (int i = 0; i < 100; ++i) {
    const auto x = a.take(), y = b.take(), z = c.take();
    EXPECT_EQ(x.due, y.due);
    EXPECT_EQ(x.answer_tokens, y.answer_tokens);
    ASSERT_EQ(x.messages.size(), 2u);
    EXPECT_EQ(x.messages[0].by, speaker::system);
    EXPECT_EQ(x.messages[0].text->size(), 120u);
    EXPECT_EQ(x.messages[1].text->size(), y.messages[1].text->size());
    EXPECT_NE(*x.messages[1].text, *y.messages[1].text);
    EXPECT_NE(*x.messages[0].text, *y.messages[0].text);
    other_times += x.due != z.due;
  }
  EXPECT_EQ(other_times, 100);
}

TEST(multi_round_workload, sends_the_whole_conversation_each_time) {
  multi_round_workload what{small_talk(), false, {1, 1}, {}};
  const auto all = play(what, 10ms, nanoseconds::max());
  ASSERT_EQ(all.size(), 12u);
  std::map<std::uint32_t, std::vector<planned_request>> by_user;
  for (const auto& asked : all) by_user[asked.user].push_back(asked);
  ASSERT_EQ(by_user.size(), 4u);
  for (const auto& [user, asked] : by_user) {
    ASSERT_EQ(asked.size(), 3u);
    for (std::uint32_t round = 0; round < 3; ++round) {
      EXPECT_EQ(asked[round].round, round);
      EXPECT_EQ(asked[round].answer_tokens, 7u);
      const auto& said = asked[round].messages;
      ASSERT_EQ(said.size(), 2u + 2 * round);
      EXPECT_EQ(said[0].by, speaker::system);
      EXPECT_EQ(said[0].text->size(), 40u);
      EXPECT_EQ(said[1].text->size(), 80u + 2 + 20);
      for (std::uint32_t i = 1; i <= round; ++i) {
        EXPECT_EQ(said[2 * i].by, speaker::assistant);
        EXPECT_EQ(*said[2 * i].text, "an answer");
        EXPECT_EQ(said[2 * i + 1].by, speaker::user);
        EXPECT_EQ(said[2 * i + 1].text->size(), 20u);
      }
      if (round > 0) {
        const auto& before = asked[round - 1].messages;
        EXPECT_TRUE(
            std::equal(before.begin(), before.end(), said.begin(),
                       [](const message& a, const message& b) { return a.text == b.text; }));
      }
    }
  }
  EXPECT_EQ(by_user[0][0].messages[0].text, by_user[3][0].messages[0].text);
  EXPECT_NE(*by_user[0][0].messages[1].text, *by_user[3][0].messages[1].text);
}

TEST(multi_round_workload, keeps_the_rate_from_the_first_second_on) {
  auto talk = small_talk();
  talk.users = 48;
  talk.rounds = 20;
  talk.qps = 20;
  multi_round_workload what{talk, false, {3, 1}, {}};
  std::vector<int> per_slice(8);  // of 5 s, well before the first user is done
  for (const auto& asked : play(what, 100ms, 40s))
    ++per_slice.at(static_cast<std::size_t>(asked.due / 5s));
  for (const int n : per_slice) EXPECT_NEAR(n, 100, 25);
}

TEST(multi_round_workload, has_due_times_that_do_not_depend_on_answers) {
  const auto dues = [](nanoseconds delay) {
    multi_round_workload what{small_talk(), false, {9, 1}, {}};
    std::map<std::pair<std::uint32_t, std::uint32_t>, nanoseconds> all;
    for (const auto& asked : play(what, delay, nanoseconds::max())) {
      all[{asked.user, asked.round}] = asked.due;
    }
    return all;
  };
  EXPECT_EQ(dues(1ms), dues(30s));
  EXPECT_EQ(dues(1ms).size(), 12u);
}

TEST(multi_round_workload, joins_and_asks_at_even_steps_when_told) {
  auto talk = small_talk();
  talk.arrivals = arrival_kind::fixed;
  talk.join_rate = 1;
  multi_round_workload what{talk, false, {1, 1}, {}};
  std::map<std::uint32_t, std::vector<nanoseconds>> dues;
  for (const auto& asked : play(what, 1ms, nanoseconds::max()))
    dues[asked.user].push_back(asked.due);
  for (const std::uint32_t user : {0u, 1u, 2u, 3u}) {
    const nanoseconds joined = std::chrono::seconds{user};
    EXPECT_EQ(dues[user], (std::vector<nanoseconds>{joined, joined + 2s, joined + 4s}));
  }
}

TEST(multi_round_workload, forgets_a_question_that_failed) {
  auto talk = small_talk();
  talk.users = 1;
  multi_round_workload what{talk, false, {1, 1}, {}};
  const auto first = what.take();
  EXPECT_FALSE(what.next_due());
  what.ended(first, "fine");
  const auto second = what.take();
  what.ended(second, std::nullopt);
  const auto third = what.take();
  EXPECT_EQ(third.round, 2u);
  ASSERT_EQ(third.messages.size(), 4u);
  EXPECT_EQ(*third.messages[2].text, "fine");
  EXPECT_NE(third.messages[3].text, second.messages[3].text);
  what.ended(third, "done");
  EXPECT_FALSE(what.next_due());
}

TEST(multi_round_workload, brings_the_context_again_when_the_first_question_failed) {
  auto talk = small_talk();
  talk.users = 1;
  multi_round_workload what{talk, false, {1, 1}, {}};
  const auto first = what.take();
  what.ended(first, std::nullopt);
  const auto second = what.take();
  ASSERT_EQ(second.messages.size(), 2u);
  EXPECT_EQ(second.messages[1].text->substr(0, 82), first.messages[1].text->substr(0, 82));
  EXPECT_NE(*second.messages[1].text, *first.messages[1].text);
}

TEST(multi_round_workload, replaces_users_that_are_done) {
  multi_round_workload what{small_talk(), true, {1, 1}, {}};
  std::set<std::uint32_t> users;
  std::map<std::uint32_t, std::string> contexts;
  const auto all = play(what, 10ms, 100s);
  for (const auto& asked : all) {
    users.insert(asked.user);
    contexts[asked.user] = *asked.messages.at(1).text;
  }
  EXPECT_NEAR(static_cast<double>(all.size()), 200, 30);
  EXPECT_GT(users.size(), 50u);
  std::set<std::string> distinct;
  for (const auto& [user, context] : contexts) distinct.insert(context);
  EXPECT_EQ(distinct.size(), users.size());
}

TEST(workload_maker, makes_what_the_settings_say) {
  bench_settings settings;
  EXPECT_TRUE(workload_maker::open(settings)->counts_tokens());
  settings.load.prompt = length_distribution{{10, length_unit::bytes}};
  EXPECT_FALSE(workload_maker::open(settings)->counts_tokens());
  settings.kind = bench_kind::multi_round;
  EXPECT_TRUE(workload_maker::open(settings)->counts_tokens());
  settings.multi_round = small_talk();
  EXPECT_FALSE(workload_maker::open(settings)->counts_tokens());
  const auto talk = workload_maker::open(settings)->make({1, 1}, {});
  EXPECT_EQ(talk->take().messages.size(), 2u);
  settings.kind = bench_kind::load;
  settings.load.trace = "/no/such/file";
  EXPECT_FALSE(workload_maker::open(settings));
}

}  // namespace
}  // namespace troupe::apps::bench
