// Two nodes over loopback: what is sent arrives, in order, once, on its lane.
#include <gmock/gmock.h>

#include "tests/transport/zmq/link_node.hpp"

namespace troupe::transport::zmq {
namespace {

using testing::ElementsAre;

TEST(node_links, carries_records_both_ways) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  EXPECT_EQ(to_b->send(lane::control, "hello"), send_result::queued);
  ASSERT_TRUE(b.heard().wait_for("a.1 control hello"));

  auto to_a = b.links().reach(a.self());
  EXPECT_EQ(to_a->send(lane::data, "back"), send_result::queued);
  ASSERT_TRUE(a.heard().wait_for("b.1 data back"));
  EXPECT_TRUE(a.heard().wait_for("connected b.1"));
  EXPECT_EQ(to_b->node(), b.self()) << "labels and roles included";
}

TEST(node_links, records_wait_for_the_welcome) {
  link_node b{{"b", 1}};
  const auto there = b.self();
  b.stop();
  link_node a{{"a", 1}};
  auto to_b = a.links().reach(there);
  for (int i = 0; i < 3; ++i) to_b->send(lane::data, std::to_string(i));
  EXPECT_GT(to_b->queued_bytes(lane::data), 0u);

  link_node again{{"b", 1}, quick_options(), there.endpoint};
  ASSERT_TRUE(again.heard().wait_for("a.1 data 2"));
  EXPECT_THAT(again.heard().beginning("a.1 data"),
              ElementsAre("a.1 data 0", "a.1 data 1", "a.1 data 2"));
}

TEST(node_links, keeps_the_order_of_each_lane) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  constexpr int records = 20'000;
  a.on_thread([&] {
    for (int i = 0; i < records; ++i) {
      ASSERT_EQ(to_b->send(i % 2 ? lane::data : lane::control, std::to_string(i)),
                send_result::queued);
    }
  });
  ASSERT_TRUE(b.heard().wait_for("a.1 data " + std::to_string(records - 1)));
  ASSERT_TRUE(b.heard().wait_for("a.1 control " + std::to_string(records - 2)));
  const auto control = b.heard().beginning("a.1 control");
  const auto data = b.heard().beginning("a.1 data");
  ASSERT_EQ(control.size(), records / 2u);
  ASSERT_EQ(data.size(), records / 2u);
  for (int i = 0; i < records / 2; ++i) {
    ASSERT_EQ(control[i], "a.1 control " + std::to_string(2 * i));
    ASSERT_EQ(data[i], "a.1 data " + std::to_string(2 * i + 1));
  }
}

TEST(node_links, delivers_letters_to_an_endpoint) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  a.links().send_letter(b.self().endpoint, "are you there?");
  EXPECT_TRUE(b.heard().wait_for("letter are you there?"));
  link(a, b);
  a.links().send_letter(b.self().endpoint, "still?");
  EXPECT_TRUE(b.heard().wait_for("letter still?"));
}

TEST(node_links, sends_last_words) {
  link_node b{{"b", 1}};
  link_node a{{"a", 1}};
  auto to_b = link(a, b);
  for (int i = 0; i < 20; ++i) to_b->send(lane::control, "bye " + std::to_string(i));
  a.on_thread([&] { a.links().send_letter(b.self().endpoint, "I leave"); });
  a.stop();
  EXPECT_TRUE(b.heard().wait_for("letter I leave"));
  EXPECT_TRUE(b.heard().wait_for("a.1 control bye 19"));
}

}  // namespace
}  // namespace troupe::transport::zmq
