// What one node answers, says and decides, step by step.
#include "runtime/membership/membership.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace troupe {
namespace {

using namespace std::chrono_literals;
using kind = member_message_kind;
using news = membership_event::kind;

member_record node(const std::string& name, std::uint64_t incarnation = 1) {
  return {{{name, incarnation}, "sim:" + name, {}, {}, 1}, member_state::up, 0, {}};
}

member_record in_state(member_record record, member_state state) {
  record.state = state;
  if (state == member_state::suspect) record.accuser = "z";
  return record;
}

member_message from(const member_record& sender, std::vector<member_record> records = {}) {
  return {kind::gossip, 0, {}, sender, std::move(records)};
}

struct one_node : ::testing::Test {
  time_point now{100s};
  membership core{node("a").node, std::mt19937_64{1}};
  std::vector<membership_event> events;

  one_node() { core.join({"sim:a", "sim:b"}, now); }

  std::vector<member_letter> note(membership::actions actions) {
    events = std::move(actions.events);
    return std::move(actions.letters);
  }
  std::vector<member_letter> hear(const member_message& message) {
    return note(core.receive(message, now));
  }
  bool said(news what, const std::string& name) const {
    return std::ranges::any_of(
        events, [&](const auto& e) { return e.what == what && e.node.id.name == name; });
  }
};

TEST_F(one_node, asks_the_seeds_but_itself_for_their_tables) {
  membership fresh{node("a").node, std::mt19937_64{1}};
  const auto letters = fresh.join({"sim:a", "sim:b"}, now).letters;
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].endpoint, "sim:b");
  EXPECT_EQ(letters[0].message.kind, kind::sync_request);
}

TEST_F(one_node, answers_a_ping_and_knows_who_asked) {
  const auto letters = hear({kind::ping, 5, {"a", 1}, node("b"), {}});
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.kind, kind::ack);
  EXPECT_EQ(letters[0].message.sequence, 5U);
  EXPECT_EQ(letters[0].message.about, (node_id{"a", 1}));
  EXPECT_TRUE(said(news::up, "b"));
}

TEST_F(one_node, gives_its_whole_table_to_who_syncs) {
  hear(from(node("b")));
  hear(from(node("c")));
  const auto letters = hear({kind::sync_request, 0, {}, node("d"), {node("e")}});
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.kind, kind::sync_answer);
  EXPECT_EQ(letters[0].message.records.size(), 4U);
  EXPECT_TRUE(said(news::up, "e"));
}

TEST_F(one_node, contradicts_a_suspicion_of_itself) {
  hear(from(node("b"), {in_state(node("a"), member_state::suspect)}));
  EXPECT_EQ(core.self().refutation, 1U);
  EXPECT_EQ(core.self().state, member_state::up);
}

TEST_F(one_node, ends_when_it_is_held_down) {
  hear(from(node("b"), {in_state(node("a"), member_state::down)}));
  EXPECT_TRUE(said(news::fenced, "a"));
  EXPECT_TRUE(core.fenced());
  EXPECT_EQ(core.next_deadline(), time_point::max());
  EXPECT_TRUE(hear({kind::ping, 5, {"a", 1}, node("b"), {}}).empty());
}

// So that the next life is later even where the clock has been set back.
TEST_F(one_node, ends_when_a_later_life_of_it_is_known_and_says_which) {
  hear(from(node("b"), {node("a", 7)}));
  EXPECT_TRUE(core.fenced());
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().what, news::fenced);
  EXPECT_EQ(events.back().node.id, (node_id{"a", 7}));
}

TEST_F(one_node, does_not_mind_what_became_of_its_earlier_life) {
  membership second{node("a", 2).node, std::mt19937_64{1}};
  second.join({}, now);
  second.receive(from(node("b"), {in_state(node("a", 1), member_state::down)}), now);
  EXPECT_FALSE(second.fenced());
}

TEST_F(one_node, tells_a_dead_life_what_is_known_and_hears_nothing_else_of_it) {
  hear(from(node("b"), {in_state(node("c"), member_state::down)}));
  const auto letters = hear({kind::ping, 1, {"a", 1}, node("c"), {node("d")}});
  EXPECT_TRUE(events.empty());
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].endpoint, "sim:c");
  ASSERT_EQ(letters[0].message.records.size(), 1U);
  EXPECT_EQ(letters[0].message.records[0].state, member_state::down);
  EXPECT_EQ(letters[0].message.records[0].node.id, (node_id{"c", 1}));
}

TEST_F(one_node, takes_a_higher_incarnation_for_a_new_node) {
  hear(from(node("b")));
  hear(from(node("b", 2)));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].what, news::down);
  EXPECT_EQ(events[0].node.id.incarnation, 1U);
  EXPECT_EQ(events[1].what, news::up);
  EXPECT_EQ(events[1].node.id.incarnation, 2U);
}

TEST_F(one_node, a_broken_connection_makes_a_suspect_not_a_verdict) {
  hear(from(node("b")));
  const auto letters = note(core.connection_lost({"b", 1}, now));
  EXPECT_TRUE(said(news::suspect, "b"));
  EXPECT_FALSE(said(news::down, "b"));
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.kind, kind::ping);
  ASSERT_EQ(letters[0].message.records.size(), 1U) << "the suspect hears of it";
  EXPECT_EQ(letters[0].message.records[0].state, member_state::suspect);
  EXPECT_TRUE(note(core.connection_lost({"b", 7}, now)).empty()) << "of another life";
}

TEST_F(one_node, asks_others_where_an_ack_does_not_come) {
  for (const auto* name : {"b", "c", "d", "e", "f"}) hear(from(node(name)));
  std::size_t asked = 0;
  for (const auto end = now + 400ms; now < end; now = std::max(now, core.next_deadline())) {
    for (const auto& letter : note(core.tick(now))) {
      asked += letter.message.kind == kind::ping_request;
    }
    EXPECT_FALSE(said(news::suspect, "b"));
  }
  EXPECT_GE(asked, membership_options{}.helpers);
}

TEST_F(one_node, relays_a_probe_and_its_ack) {
  hear(from(node("b")));
  auto letters = hear({kind::ping_request, 9, {"b", 1}, node("c"), {}});
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(letters[0].message.kind, kind::nack);
  EXPECT_EQ(letters[1].endpoint, "sim:b");
  letters = hear({kind::ack, letters[1].message.sequence, {"b", 1}, node("b"), {}});
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].endpoint, "sim:c");
  EXPECT_EQ(letters[0].message.sequence, 9U);
  EXPECT_EQ(letters[0].message.about, (node_id{"b", 1}));
}

TEST_F(one_node, relays_a_bounded_number_of_probes) {
  hear(from(node("b")));
  std::size_t pings = 0;
  for (std::uint64_t i = 0; i < 2 * membership::relays_max; ++i) {
    for (const auto& letter : hear({kind::ping_request, i, {"b", 1}, node("c"), {}})) {
      pings += letter.message.kind == kind::ping;
    }
  }
  EXPECT_EQ(pings, membership::relays_max);
}

TEST_F(one_node, says_farewell) {
  hear(from(node("b")));
  const auto letters = note(core.leave(now));
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message.from.state, member_state::left);
  membership other{node("b").node, std::mt19937_64{2}};
  other.join({}, now);
  other.receive(from(node("a")), now);
  const auto seen = other.receive(letters[0].message, now).events;
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].what, news::left);
}

TEST_F(one_node, announces_its_leave_once_and_lives_on) {
  hear(from(node("b")));
  const auto letters = note(core.announce_leave(now));
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_TRUE(letters[0].message.from.leaving);
  EXPECT_EQ(letters[0].message.from.state, member_state::up);
  EXPECT_TRUE(note(core.announce_leave(now)).empty());
  membership other{node("b").node, std::mt19937_64{2}};
  other.join({}, now);
  other.receive(from(node("a")), now);
  const auto seen = other.receive(letters[0].message, now).events;
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].what, news::leaving);
  EXPECT_EQ(other.living().size(), 2U);
  // What was said before it and comes later takes nothing back.
  EXPECT_TRUE(other.receive(from(node("c"), {node("a")}), now).events.size() == 1);
  EXPECT_TRUE(other.records()[0].leaving);
}

TEST_F(one_node, hears_of_a_node_that_leaves_already) {
  auto leaving = node("c");
  leaving.leaving = true;
  hear(from(node("b"), {in_state(leaving, member_state::suspect)}));
  EXPECT_TRUE(said(news::up, "c"));
  EXPECT_TRUE(said(news::leaving, "c"));
  EXPECT_TRUE(said(news::suspect, "c"));
  leaving.refutation = 1;
  hear(from(leaving));
  EXPECT_TRUE(said(news::alive, "c"));
  EXPECT_FALSE(said(news::leaving, "c"));
}

TEST_F(one_node, a_flood_of_names_stays_within_the_table) {
  for (std::size_t i = 0; i < 3 * member_limits::members_max; ++i) {
    for (const auto& letter : hear(from(node("n" + std::to_string(i))))) {
      EXPECT_LE(letter.message.records.size(), member_message::records_max);
    }
  }
  EXPECT_EQ(core.records().size(), member_limits::members_max);
}

}  // namespace
}  // namespace troupe
