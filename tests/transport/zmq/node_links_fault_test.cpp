// Links whose peer is away, slow, restarted or cut off, and what fills up meanwhile.
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "runtime/clock.hpp"
#include "tests/transport/zmq/cut_wire.hpp"
#include "tests/transport/zmq/link_node.hpp"
#include "transport/zmq/link_frame.hpp"

namespace troupe::transport::zmq {
namespace {

using testing::ElementsAre;

constexpr std::chrono::seconds generous{20};

// A blob that fulfils a promise when nobody holds it any more.
shared_bytes blob_of(std::string text, std::shared_ptr<std::promise<void>> let_go) {
  auto* bytes = new std::string{std::move(text)};
  std::shared_ptr<const void> owner{bytes, [let_go](const void* held) {
                                      delete static_cast<const std::string*>(held);
                                      let_go->set_value();
                                    }};
  return shared_bytes{owner, *bytes};
}

bool sends_in_time(const peer_link_ptr& to, lane where, const std::string& record) {
  const auto until = now() + generous;
  while (to->send(where, record) != send_result::queued) {
    if (now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

// An endpoint at which nobody listens, but somebody may.
std::string free_endpoint() {
  link_node probe{{"probe", 1}};
  return probe.self().endpoint;
}

node_description named(node_id id, std::string endpoint) {
  node_description node;
  node.id = std::move(id);
  node.endpoint = std::move(endpoint);
  return node;
}

TEST(node_links_fault, bounds_what_waits_in_bytes_and_recovers) {
  auto options = quick_options();
  options.queued_bytes_max = 10'000;
  link_node a{{"a", 1}, options};
  const auto endpoint = free_endpoint();
  auto to_b = a.links().reach(named({"b", 1}, endpoint));
  const std::string record(995, 'x');  // 1,000 bytes with its header
  for (int i = 0; i < 10; ++i) ASSERT_EQ(to_b->send(lane::data, record), send_result::queued);
  EXPECT_EQ(to_b->send(lane::data, record), send_result::overloaded);
  EXPECT_EQ(to_b->queued_bytes(lane::data), 10'000u);
  EXPECT_EQ(to_b->send(lane::control, record), send_result::queued) << "a bound for each lane";

  link_node b{{"b", 1}, quick_options(), endpoint};
  EXPECT_TRUE(b.heard().wait_for("a.1 data " + record, 10));
  EXPECT_TRUE(sends_in_time(to_b, lane::data, "again"));
  EXPECT_TRUE(b.heard().wait_for("a.1 data again"));
}

TEST(node_links_fault, refuses_what_is_too_large) {
  link_node a{{"a", 1}};
  auto to_b = a.links().reach(named({"b", 1}, free_endpoint()));
  const std::string over(link_bounds::record_bytes_max + 1, 'x');
  EXPECT_EQ(to_b->send(lane::data, over), send_result::too_large);
  const std::vector<shared_bytes> many(link_bounds::blobs_max + 1);
  EXPECT_EQ(to_b->send(lane::data, "x", many), send_result::too_large);
  const shared_bytes half{std::string(link_bounds::blob_bytes_max / 2 + 1, 'x')};
  EXPECT_EQ(to_b->send(lane::data, "x", std::vector{half, half}), send_result::too_large);
  EXPECT_EQ(to_b->queued_bytes(lane::data), 0u);
}

TEST(node_links_fault, holds_blobs_until_they_are_sent_and_copies_none) {
  link_node a{{"a", 1}};
  const auto endpoint = free_endpoint();
  auto to_b = a.links().reach(named({"b", 1}, endpoint));
  auto let_go = std::make_shared<std::promise<void>>();
  auto gone = let_go->get_future();
  std::string text(8 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < text.size(); i += 997) text[i] = static_cast<char>(i);
  std::weak_ptr<const void> held;
  {
    const auto blob = blob_of(text, std::move(let_go));
    held = blob.owner();
    const std::vector<shared_bytes> blobs{blob, shared_bytes{std::string{"small"}}};
    ASSERT_EQ(to_b->send(lane::data, "two", blobs), send_result::queued);
    ASSERT_EQ(to_b->send(lane::data, "none"), send_result::queued);
    ASSERT_EQ(to_b->send(lane::data, "one", std::span{blobs}.last(1)), send_result::queued);
  }
  EXPECT_FALSE(held.expired()) << "the bytes themselves wait, not a copy";
  link_node b{{"b", 1}, quick_options(), endpoint};
  ASSERT_TRUE(b.heard().wait_for("a.1 data one+5"));
  EXPECT_THAT(b.heard().beginning("a.1 data"),
              ElementsAre("a.1 data two+8388608+5", "a.1 data none", "a.1 data one+5"));
  EXPECT_EQ(b.heard().blobs()[0].view(), text);
  EXPECT_EQ(gone.wait_for(generous), std::future_status::ready);
}

TEST(node_links_fault, a_restarted_peer_replaces_its_earlier_life) {
  link_node a{{"a", 1}};
  const auto endpoint = free_endpoint();
  peer_link_ptr to_old;
  {
    link_node b{{"b", 1}, quick_options(), endpoint};
    to_old = link(a, b);
  }
  ASSERT_TRUE(a.heard().wait_for("disconnected b.1"));
  EXPECT_EQ(to_old->send(lane::data, "for the first life"), send_result::queued);

  link_node b{{"b", 2}, quick_options(), endpoint};
  ASSERT_TRUE(a.heard().wait_for("linked b.2"));
  EXPECT_EQ(a.heard().count("ended b.1"), 1);
  EXPECT_TRUE(to_old->ended());
  EXPECT_EQ(to_old->send(lane::data, "x"), send_result::ended);
  EXPECT_EQ(a.links().reach(to_old->node()), nullptr);
  a.links().reach(b.self())->send(lane::data, "for the second");
  ASSERT_TRUE(b.heard().wait_for("a.1 data for the second"));
  EXPECT_EQ(b.heard().count("a.1 data for the first life"), 0);
}

TEST(node_links_fault, a_peer_that_goes_while_its_link_is_ended_takes_no_other_along) {
  link_node a{{"a", 1}}, c{{"c", 1}};
  const auto to_c = link(a, c);
  for (std::uint64_t life = 1; life <= 300; ++life) {
    link_node b{{"b", life}};
    const auto id = link(a, b)->node().id;
    std::thread going{[&] { b.stop(); }};
    for (auto i = life % 50; i > 0; --i) std::this_thread::yield();
    a.links().end(id, make_failure(errc::cancelled, "left"));
    going.join();
    ASSERT_TRUE(a.heard().wait_for("ended b." + std::to_string(life)));
    ASSERT_EQ(to_c->send(lane::data, std::to_string(life)), send_result::queued);
    ASSERT_TRUE(c.heard().wait_for("a.1 data " + std::to_string(life)));
  }
}

TEST(node_links_fault, comes_back_from_an_endpoint_where_another_program_was) {
  auto squatter = std::make_unique<http::raw_listener>();
  const auto endpoint = "tcp://127.0.0.1:" + std::to_string(squatter->port());
  link_node a{{"a", 1}};
  auto to_b = a.links().reach(named({"b", 1}, endpoint));
  http::loop loop;
  std::vector<http::raw_socket> sockets;
  std::string greeting{"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0PLAIN", 17};
  greeting.resize(64, '\0');
  ASSERT_TRUE(loop.run_until([&] {
    http::raw_socket accepted;
    if (squatter->accept(accepted)) {
      accepted.send(greeting);
      sockets.push_back(std::move(accepted));
    }
    return a.links().counts().failed_connections > 0 && sockets.size() > 1;
  })) << "ZeroMQ gives up after such an answer, on both lanes";
  a.links().send_letter(endpoint, "lost");
  for (auto& one : sockets) one.reset();  // leaves nothing that would hold the port
  squatter.reset();

  link_node b{{"b", 1}, quick_options(), endpoint};
  ASSERT_TRUE(b.heard().wait_for("linked a.1"));
  ASSERT_TRUE(sends_in_time(to_b, lane::data, "now you"));
  EXPECT_TRUE(b.heard().wait_for("a.1 data now you"));
  a.links().send_letter(endpoint, "and a letter");
  EXPECT_TRUE(b.heard().wait_for("letter and a letter"));
}

TEST(node_links_fault, an_ended_link_ends_at_both_ends_for_good) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  auto to_a = b.links().reach(a.self());
  a.links().end(b.self().id, make_failure(errc::timeout, "it was silent"));
  EXPECT_EQ(to_b->send(lane::control, "x"), send_result::ended);
  EXPECT_TRUE(a.heard().wait_for("ended b.1"));
  EXPECT_EQ(a.links().reach(b.self()), nullptr);
  EXPECT_TRUE(b.heard().wait_for("ended a.1")) << "its frames are refused, and it is told why";
  EXPECT_TRUE(to_a->ended());
  EXPECT_EQ(a.heard().count("ended b.1"), 1);
}

TEST(node_links_fault, a_broken_connection_shows_as_a_gap) {
  link_node b{{"b", 1}};
  cut_wire wire{b.self().endpoint};
  link_node a{{"a", 1}};
  auto to_b = a.links().reach(named({"b", 1}, wire.endpoint()));
  ASSERT_TRUE(to_b->send(lane::data, "first") == send_result::queued);
  ASSERT_TRUE(b.heard().wait_for("a.1 data first"));
  const auto before = b.links().counts().gaps.load();

  wire.swallow();
  to_b->send(lane::data, "lost");
  ASSERT_TRUE(wire.wait_until_swallowed("lost"));
  wire.cut();
  ASSERT_TRUE(a.heard().wait_for("disconnected b.1"));
  ASSERT_TRUE(b.heard().wait_for("gap a.1 data")) << "the beat tells, without another record";
  EXPECT_GT(b.links().counts().gaps, before);
  to_b->send(lane::data, "last");
  ASSERT_TRUE(b.heard().wait_for("a.1 data last"));
  EXPECT_EQ(b.heard().count("a.1 data lost"), 0);
  EXPECT_TRUE(a.heard().wait_for("connected b.1", 2));
}

TEST(node_links_fault, a_connection_that_breaks_behind_the_last_beat_shows_as_a_gap) {
  link_node b{{"b", 1}};
  cut_wire wire{b.self().endpoint};
  auto options = quick_options();
  options.heartbeat_interval =
      std::chrono::seconds{1};  // the silence is longer than the test waits
  link_node a{{"a", 1}, options};
  auto to_b = a.links().reach(named({"b", 1}, wire.endpoint()));
  ASSERT_TRUE(to_b->send(lane::data, "first") == send_result::queued);
  ASSERT_TRUE(b.heard().wait_for("a.1 data first"));
  wire.swallow();
  to_b->send(lane::data, "lost");
  ASSERT_TRUE(wire.wait_until_swallowed("lost"));
  const auto beat = write_header({frame_kind::heartbeat, lane::data}).substr(0, 5);
  ASSERT_TRUE(wire.wait_until_swallowed(beat)) << "after which the lane is silent for long";
  wire.cut("lost");  // the control lane's stays: no new hello, no new token
  ASSERT_TRUE(b.heard().wait_for("gap a.1 data"));
  EXPECT_EQ(a.heard().count("disconnected b.1"), 0);
}

TEST(node_links_fault, a_slow_peer_pushes_back_and_loses_nothing) {
  auto options = quick_options();
  options.queued_bytes_max = 4 * 1024 * 1024;
  link_node a{{"a", 1}, options};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  std::promise<void> resume;
  b.thread().post([&] { resume.get_future().wait(); });
  const std::string filler(60'000, 'x');
  int sent = 0;
  for (int refused = 0; refused < 20'000;) {  // so often in a row that nothing can be moving
    if (to_b->send(lane::data, std::to_string(sent) + filler) == send_result::queued) {
      ASSERT_LT(++sent, 5'000) << "nothing pushes back";
      refused = 0;
    } else {
      ++refused;
      std::this_thread::yield();
    }
  }
  EXPECT_LE(to_b->queued_bytes(lane::data), options.queued_bytes_max);
  resume.set_value();
  ASSERT_TRUE(sends_in_time(to_b, lane::data, "end"));
  ASSERT_TRUE(b.heard().wait_for("a.1 data end"));
  EXPECT_EQ(b.heard().beginning("a.1 data").size(), static_cast<std::size_t>(sent) + 1);
  EXPECT_EQ(b.links().counts().gaps, 0u);
}

TEST(node_links_fault, threads_send_at_once_and_each_keeps_its_order) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  constexpr int senders = 4;
  constexpr int records = 3'000;
  const auto send_all = [&](int sender) {
    for (int i = 0; i < records; ++i) {
      to_b->send(lane::data, std::to_string(sender) + ":" + std::to_string(i));
    }
  };
  io_thread other{63};
  other.start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&, i] { send_all(i); });
  other.post([&] { send_all(2); });
  a.thread().post([&] { send_all(3); });
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(b.heard().wait_until([&](const auto&) {
    return b.links().counts().records_received >= std::uint64_t{senders} * records;
  }));
  for (int sender = 0; sender < senders; ++sender) {
    const auto start = "a.1 data " + std::to_string(sender) + ":";
    const auto lines = b.heard().beginning(start);
    ASSERT_EQ(lines.size(), std::size_t{records});
    for (int i = 0; i < records; ++i) ASSERT_EQ(lines[i], start + std::to_string(i));
  }
}

}  // namespace
}  // namespace troupe::transport::zmq
