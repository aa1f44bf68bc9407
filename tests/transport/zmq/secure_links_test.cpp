// Nodes with a cluster key: those that have it link, nobody else gets a word in.
#include <gmock/gmock.h>

#include "tests/transport/http/loop.hpp"
#include "tests/transport/zmq/link_node.hpp"
#include "tests/transport/zmq/raw_peer.hpp"

namespace troupe::transport::zmq {
namespace {

link_options with_key(const cluster_key& key) {
  auto options = quick_options();
  options.key = key;
  return options;
}

bool comes_to(const std::atomic<std::uint64_t>& count, std::uint64_t least) {
  http::loop waiting;
  return waiting.run_until([&] { return count.load() >= least; });
}

TEST(secure_links, nodes_with_the_same_key_link) {
  const auto options = with_key(*make_cluster_key());
  link_node a{{"a", 1}, options};
  link_node b{{"b", 1}, options};
  auto to_b = link(a, b);
  to_b->send(lane::data, "in secret");
  EXPECT_TRUE(b.heard().wait_for("a.1 data in secret"));
  a.links().send_letter(b.self().endpoint, "sealed");
  EXPECT_TRUE(b.heard().wait_for("letter sealed"));
  EXPECT_EQ(a.links().counts().refused_connections[connection_flaw::another_key], 0u);
}

TEST(secure_links, a_node_with_another_key_is_refused_and_counted) {
  const auto options = with_key(*make_cluster_key());
  link_node a{{"a", 1}, options};
  link_node b{{"b", 1}, options};
  auto to_b = link(a, b);
  link_node x{{"x", 1}, with_key(*make_cluster_key())};
  x.links().reach(b.self());
  x.links().send_letter(b.self().endpoint, "let me in");

  EXPECT_TRUE(comes_to(b.links().counts().refused_connections[connection_flaw::no_handshake], 1));
  to_b->send(lane::data, "still here");
  EXPECT_TRUE(b.heard().wait_for("a.1 data still here"));
  EXPECT_EQ(b.links().counts().letters_received, 0u);
  EXPECT_EQ(b.heard().count("linked x.1"), 0);
}

TEST(secure_links, the_handler_refuses_a_key_that_is_not_the_clusters) {
  const auto options = with_key(*make_cluster_key());
  link_node b{{"b", 1}, options};
  // A client may know the server's key and hold a pair of its own: only the handler stops it.
  const auto own = *make_cluster_key();
  message_context context;
  auto socket = std::move(*message_socket::open(context, socket_kind::dealer));
  ASSERT_TRUE(socket.connect_with(own, options.key->public_key));
  ASSERT_TRUE(socket.connect(b.self().endpoint));
  socket.send({letter_frame("let me in")});
  EXPECT_TRUE(comes_to(b.links().counts().refused_connections[connection_flaw::another_key], 1));
  EXPECT_EQ(b.links().counts().letters_received, 0u);
}

TEST(secure_links, a_node_without_a_key_is_refused) {
  link_node b{{"b", 1}, with_key(*make_cluster_key())};
  link_node x{{"x", 1}};
  x.links().reach(b.self());
  EXPECT_TRUE(comes_to(b.links().counts().refused_connections[connection_flaw::no_handshake], 1));
  b.links().reach(x.self());
  EXPECT_TRUE(comes_to(b.links().counts().failed_connections, 1)) << "and the other way round";
  EXPECT_EQ(b.links().counts().frames_received, 0u);
  EXPECT_EQ(x.links().counts().frames_received, 0u);
}

}  // namespace
}  // namespace troupe::transport::zmq
