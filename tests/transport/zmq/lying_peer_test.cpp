// A node and a peer that lies, is of another kind, or sends garbage: others notice nothing.
#include <gmock/gmock.h>

#include "tests/transport/http/loop.hpp"
#include "tests/transport/zmq/link_node.hpp"
#include "tests/transport/zmq/raw_peer.hpp"
#include "transport/zmq/connection_guard.hpp"

namespace troupe::transport::zmq {
namespace {

using testing::HasSubstr;

TEST(lying_peer, is_refused_for_another_cluster) {
  link_node a{{"a", 1}};
  auto hello = hello_of({"x", 1});
  hello.cluster = "other";
  const auto refusal = raw_peer{a.self().endpoint}.refusal_of(hello_frame(hello));
  EXPECT_EQ(refusal.reason, refusal_reason::cluster);
  EXPECT_THAT(refusal.text, HasSubstr("\"other\""));
  EXPECT_EQ(a.links().counts().refused_by_us[refusal_reason::cluster], 1u);
  EXPECT_EQ(a.links().counts().refused_by_us[refusal_reason::protocol], 0u);
  EXPECT_TRUE(a.links().status().empty()) << "nobody is connected to";
}

TEST(lying_peer, is_refused_for_other_message_types) {
  link_node a{{"a", 1}};
  auto hello = hello_of({"x", 1});
  hello.catalogue = {8, {"int", "text"}};
  const auto refusal = raw_peer{a.self().endpoint}.refusal_of(hello_frame(hello));
  EXPECT_EQ(refusal.reason, refusal_reason::catalogue);
  EXPECT_THAT(refusal.text, HasSubstr("\"text\" there, \"string\" here"));
}

TEST(lying_peer, is_refused_for_another_protocol_or_version) {
  link_node a{{"a", 1}};
  auto hello = hello_of({"x", 1});
  hello.node.protocol = 2;
  EXPECT_EQ(raw_peer{a.self().endpoint}.refusal_of(hello_frame(hello)).reason,
            refusal_reason::protocol);

  auto later = hello_frame(hello_of({"x", 1}));
  later[2] = 9;  // the version
  const auto refusal = raw_peer{a.self().endpoint}.refusal_of(later);
  EXPECT_EQ(refusal.reason, refusal_reason::protocol);
  EXPECT_THAT(refusal.text, HasSubstr("not 9"));
}

TEST(lying_peer, is_refused_under_our_own_name) {
  link_node a{{"a", 1}};
  EXPECT_EQ(raw_peer{a.self().endpoint}.refusal_of(hello_frame(hello_of({"a", 1}))).reason,
            refusal_reason::itself);
  EXPECT_EQ(a.links().reach(a.self()), nullptr);
}

TEST(lying_peer, is_refused_where_there_are_as_many_as_are_taken) {
  auto options = quick_options();
  options.peers_max = 1;
  link_node a{{"a", 1}, options};
  EXPECT_NE(raw_peer{a.self().endpoint}.greet(hello_of({"x", 1})), 0u);
  EXPECT_EQ(raw_peer{a.self().endpoint}.refusal_of(hello_frame(hello_of({"y", 1}))).reason,
            refusal_reason::too_many);
}

TEST(lying_peer, is_refused_with_an_endpoint_that_is_none) {
  link_node a{{"a", 1}};
  auto hello = hello_of({"x", 1});
  hello.node.endpoint = "nowhere";
  EXPECT_EQ(raw_peer{a.self().endpoint}.refusal_of(hello_frame(hello)).reason,
            refusal_reason::endpoint);
  EXPECT_NE(raw_peer{a.self().endpoint}.greet(hello_of({"x", 1})), 0u) << "said right, it is taken";
}

TEST(lying_peer, gets_the_same_token_for_the_same_hello) {
  link_node a{{"a", 1}};
  raw_peer x{a.self().endpoint};
  const auto token = x.greet(hello_of({"x", 1}));
  EXPECT_NE(token, 0u);
  EXPECT_EQ(x.greet(hello_of({"x", 1})), token);
  EXPECT_EQ(a.heard().count("linked x.1"), 1);
}

TEST(lying_peer, cannot_use_the_token_of_an_ended_incarnation) {
  link_node a{{"a", 1}};
  raw_peer old{a.self().endpoint};
  const auto old_token = old.greet(hello_of({"x", 1}));
  old.say(batch_of(old_token, 0, "before"));
  ASSERT_TRUE(a.heard().wait_for("x.1 data before"));

  raw_peer later{a.self().endpoint};
  const auto token = later.greet(hello_of({"x", 2}));
  ASSERT_NE(token, old_token);
  ASSERT_TRUE(a.heard().wait_for("ended x.1"));
  old.say(batch_of(old_token, 1, "behind"));
  old.say(write_header({frame_kind::heartbeat, lane::control, old_token, 0}));
  const auto answer = old.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(read_header(*answer)->kind, frame_kind::unknown);
  EXPECT_EQ(old.refusal_of(hello_frame(hello_of({"x", 1}))).reason, refusal_reason::ended);
  EXPECT_EQ(a.heard().count("x.1 data behind"), 0);
  EXPECT_EQ(a.links().counts().unknown_token, 2u);
}

TEST(lying_peer, shows_what_it_lost_and_repeats_nothing) {
  link_node a{{"a", 1}};
  raw_peer x{a.self().endpoint};
  const auto token = x.greet(hello_of({"x", 1}));
  x.say(batch_of(token, 0, "0"));
  x.say(batch_of(token, 2, "2"));
  x.say(batch_of(token, 1, "1"));
  x.say(batch_of(token, 3, "3"));
  ASSERT_TRUE(a.heard().wait_for("x.1 data 3"));
  EXPECT_EQ(a.heard().count("gap x.1 data"), 1);
  EXPECT_EQ(a.heard().count("x.1 data 1"), 0);
  EXPECT_EQ(a.links().counts().late, 1u);
}

TEST(lying_peer, sends_garbage_and_harms_nobody) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  raw_peer x{b.self().endpoint};
  const auto token = x.greet(hello_of({"x", 1}));
  const auto hello = hello_frame(hello_of({"y", 1}));
  x.say("");
  x.say("not a frame");
  x.say(hello.substr(0, hello.size() - 1));
  x.say(hello + "x");
  x.say(batch_of(token, 0, "names a blob that is not there", 1));
  x.say({batch_of(token, 1, "has a blob it does not name"), "blob"});
  x.say(batch_of(token, 2, "is cut off").substr(0, 34));
  x.say(write_header({frame_kind::welcome, lane::control, token, 0}));
  x.say(std::string(3 * 1024 * 1024, 'x'));
  x.say(batch_of(token, 3, "good"));
  ASSERT_TRUE(b.heard().wait_for("x.1 data good"));
  EXPECT_EQ(b.links().counts().malformed, 9u);
  EXPECT_EQ(b.heard().count("gap x.1 data"), 3) << "each batch that could not be read";
  to_b->send(lane::control, "still here");
  EXPECT_TRUE(b.heard().wait_for("a.1 control still here"));
  EXPECT_EQ(b.heard().count("gap a.1 control"), 0);
}

TEST(lying_peer, speaks_no_zeromq_and_harms_nobody) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  auto noise = http::raw_socket::connect(port_of(b.self().endpoint));
  noise.send("GET / HTTP/1.1\r\nHost: b\r\n\r\n" + std::string(100'000, '\xff'));
  // A frame of 4 GB, behind a good greeting of ZMTP 3.0 and its READY.
  auto huge = http::raw_socket::connect(port_of(b.self().endpoint));
  std::string greeting{"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16};
  greeting.resize(64, '\0');
  const std::string ready{
      "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06"
      "DEALER",
      30};
  huge.send(greeting + ready + std::string{"\x02\0\0\0\1\0\0\0\0", 9} + std::string(1000, 'x'));
  http::loop loop;
  EXPECT_TRUE(loop.run_until([&] {
    noise.receive();
    huge.receive();
    return noise.ended() && huge.ended();
  })) << "both are cut off";
  to_b->send(lane::data, "still here");
  EXPECT_TRUE(b.heard().wait_for("a.1 data still here"));
  EXPECT_EQ(b.heard().count("disconnected a.1"), 0);
}

}  // namespace
}  // namespace troupe::transport::zmq
