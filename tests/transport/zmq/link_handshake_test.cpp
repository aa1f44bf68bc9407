// Who is let in, when hello is said, and what the numbers of frames show.
#include "transport/zmq/link_handshake.hpp"

#include <gmock/gmock.h>

#include "transport/zmq/link_table.hpp"

namespace troupe::transport::zmq {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr time_point start{std::chrono::seconds{100}};

link_hello hello_of(const std::string& name) {
  node_description node;
  node.id = {name, 1};
  return {"prod", node, {5, {"int", "string", "list"}}};
}

TEST(flaw_of, names_the_first_type_that_differs) {
  const auto ours = hello_of("a");
  auto theirs = hello_of("b");
  EXPECT_FALSE(flaw_of(theirs, ours));
  theirs.catalogue.names[1] = "text";
  EXPECT_THAT(flaw_of(theirs, ours)->text, HasSubstr("type 1 is \"text\" there, \"string\" here"));
  theirs.catalogue.names = {"int", "string"};
  EXPECT_THAT(flaw_of(theirs, ours)->text, HasSubstr("\"list\" is not known there"));
  theirs.catalogue.names = {"int", "string", "list", "map"};
  EXPECT_THAT(flaw_of(theirs, ours)->text, HasSubstr("\"map\" is not known here"));
  theirs.catalogue = ours.catalogue;
  theirs.catalogue.hash = 6;
  EXPECT_THAT(flaw_of(theirs, ours)->text, HasSubstr("other contents"));
}

TEST(flaw_of, tells_another_cluster_before_all_else) {
  const auto ours = hello_of("a");
  auto theirs = hello_of("a");
  theirs.cluster = "test";
  theirs.node.protocol = 9;
  EXPECT_EQ(flaw_of(theirs, ours)->reason, refusal_reason::cluster);
  theirs.cluster = ours.cluster;
  EXPECT_EQ(flaw_of(theirs, ours)->reason, refusal_reason::protocol);
  theirs.node.protocol = ours.node.protocol;
  EXPECT_EQ(flaw_of(theirs, ours)->reason, refusal_reason::itself);
}

TEST(greeting, is_said_on_each_connection_and_until_it_is_answered) {
  greeting greet{{milliseconds{500}, milliseconds{5'000}}};
  EXPECT_FALSE(greet.take_due(start)) << "there is no connection";
  greet.connected(start);
  EXPECT_TRUE(greet.take_due(start));
  EXPECT_FALSE(greet.take_due(start + milliseconds{499}));
  EXPECT_TRUE(greet.take_due(start + milliseconds{500}));
  EXPECT_FALSE(greet.is_up());
  greet.welcomed();
  EXPECT_TRUE(greet.is_up());
  EXPECT_FALSE(greet.take_due(start + std::chrono::hours{1}));
  greet.disconnected();
  EXPECT_FALSE(greet.is_up());
  greet.connected(start + std::chrono::hours{2});
  EXPECT_TRUE(greet.take_due(start + std::chrono::hours{2}));
}

TEST(greeting, waits_longer_after_a_refusal) {
  greeting greet{{milliseconds{500}, milliseconds{5'000}}};
  greet.connected(start);
  EXPECT_TRUE(greet.take_due(start));
  greet.refused(start);
  EXPECT_FALSE(greet.take_due(start + milliseconds{4'999}));
  EXPECT_TRUE(greet.take_due(start + milliseconds{5'000}));
}

TEST(greeting, is_said_once_for_many_frames_the_peer_did_not_know) {
  greeting greet{{milliseconds{500}, milliseconds{5'000}}};
  greet.connected(start);
  EXPECT_TRUE(greet.take_due(start));
  greet.welcomed();
  int said = 0;
  for (int i = 0; i < 100; ++i) {
    greet.forgotten(start + milliseconds{i});
    said += greet.take_due(start + milliseconds{i}) ? 1 : 0;
  }
  EXPECT_EQ(said, 1);
}

TEST(frame_order, shows_gaps_and_what_comes_late) {
  frame_order order;
  EXPECT_EQ(order.take(0), arrival::next);
  EXPECT_EQ(order.take(1), arrival::next);
  EXPECT_EQ(order.take(1), arrival::late);
  EXPECT_EQ(order.take(5), arrival::after_gap);
  EXPECT_EQ(order.take(4), arrival::late);
  EXPECT_EQ(order.take(6), arrival::next);
  frame_order joined_late;
  EXPECT_EQ(joined_late.take(3), arrival::after_gap) << "the first frames are lost, too";
}

class link_table_of_two : public testing::Test {
 protected:
  link_table::found reach(const std::string& name, std::uint64_t incarnation) {
    node_description node;
    node.id = {name, incarnation};
    node.endpoint = "tcp://127.0.0.1:1";
    return table.reach(node.id, [&] { return zmq_link::make(context, node, {}, [] {}); });
  }

  ~link_table_of_two() override {
    for (const auto& link : table.opened()) link->close();
  }

  message_context context;
  link_table table{2};
};

TEST_F(link_table_of_two, has_one_link_for_a_name) {
  const auto first = reach("b", 5);
  ASSERT_TRUE(first.link);
  EXPECT_TRUE(first.is_new);
  const auto again = reach("b", 5);
  EXPECT_EQ(again.link, first.link);
  EXPECT_FALSE(again.is_new);
  const auto later = reach("b", 6);
  EXPECT_EQ(later.replaced, first.link);
  EXPECT_TRUE(first.link->ended());
  EXPECT_FALSE(reach("b", 5).link) << "an earlier life does not come back";
  EXPECT_EQ(table.find({"b", 5}), nullptr);
  EXPECT_EQ(table.all().size(), 1u);
}

TEST_F(link_table_of_two, keeps_ended_incarnations_out) {
  const auto link = reach("b", 5).link;
  EXPECT_EQ(table.end({"b", 7}), link) << "what ends a life ends those before it";
  EXPECT_EQ(table.end({"b", 7}), nullptr);
  EXPECT_FALSE(reach("b", 7).link);
  EXPECT_EQ(reach("b", 7).why_not, refusal_reason::ended);
  EXPECT_TRUE(reach("b", 8).link);
}

TEST_F(link_table_of_two, takes_as_many_as_it_may) {
  reach("b", 1);
  reach("c", 1);
  EXPECT_EQ(reach("d", 1).why_not, refusal_reason::too_many);
  EXPECT_FALSE(reach("d", 1).link);
  EXPECT_TRUE(reach("c", 2).link) << "a restart takes the place of what it replaces";
  table.end({"b", 1});
  EXPECT_TRUE(reach("d", 1).link);
}

}  // namespace
}  // namespace troupe::transport::zmq
