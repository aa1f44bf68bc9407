// Peers that send a message without end: they are cut off, and nobody else notices.
#include <algorithm>
#include <vector>

#include <gmock/gmock.h>

#include "tests/transport/http/loop.hpp"
#include "tests/transport/zmq/link_node.hpp"
#include "tests/transport/zmq/raw_peer.hpp"
#include "transport/zmq/connection_guard.hpp"
#include "transport/zmq/link_intake.hpp"

namespace troupe::transport::zmq {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;

// A program that speaks ZMTP 3.0 by hand, up to where it says what it likes.
class raw_speaker {
 public:
  explicit raw_speaker(const std::string& endpoint, std::string_view mechanism = "NULL")
      : raw_speaker{http::raw_socket::connect(port_of(endpoint)), mechanism} {}

  explicit raw_speaker(http::raw_socket socket, std::string_view mechanism = "NULL")
      : socket_{std::move(socket)} {
    std::string greeting{"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0", 12};
    greeting += mechanism;
    greeting.resize(64, '\0');
    say(greeting);
  }

  // Ends the handshake by the name of one letter.
  raw_speaker& introduce(char name, const std::string& type = "DEALER") {
    const std::string ready = std::string{"\x04\x2a\x05READY\x0bSocket-Type\0\0\0\x06", 24} + type +
                              std::string{"\x08Identity\0\0\0\1", 13};
    say(ready + name);
    http::loop waiting;
    EXPECT_TRUE(waiting.run_until([&] {
      socket_.receive();
      return socket_.received().size() >= 64 + ready.size();
    })) << "what is said before the answer is taken for a part of the handshake";
    return *this;
  }

  void say(std::string_view bytes) { EXPECT_EQ(socket_.send(bytes), bytes.size()); }

  // Says the same over and over, up to so many bytes, and what the kernel takes now; returns how
  // many bytes that was.
  std::uint64_t say_some(const std::string& bytes, std::uint64_t bytes_max) {
    const auto rest = std::string_view{bytes}.substr(said_ % bytes.size());
    const auto sent = socket_.send(rest.substr(0, bytes_max - said_));
    said_ += sent;
    return sent;
  }

  bool ended() {
    socket_.receive();
    return socket_.ended();
  }

  // Goes on so until it is cut off; returns how many bytes it got rid of.
  std::uint64_t go_on_with(const std::string& bytes) {
    http::loop waiting;
    EXPECT_TRUE(waiting.run_until([&] {
      say_some(bytes, UINT64_MAX);
      return ended();
    })) << "not cut off after "
        << said_ << " bytes";
    return said_;
  }

 private:
  http::raw_socket socket_;
  std::uint64_t said_ = 0;
};

enum frame_flags : char { last = 2, more = 3, command = 6 };  // all with a long size

std::string frame_head(frame_flags flags, std::uint64_t size) {
  std::string head(9, flags);
  for (std::size_t i = 1; i < head.size(); ++i) head[i] = static_cast<char>(size >> (8 * (8 - i)));
  return head;
}

std::string frame_of(frame_flags flags, const std::string& bytes) {
  return frame_head(flags, bytes.size()) + bytes;
}

const std::string part = frame_of(more, std::string(64 * 1024, 'x'));

std::uint64_t cut_off(link_node& node) {
  return node.links().counts().refused_connections[connection_flaw::endless_message];
}

// It is counted just behind the cut.
bool comes_to_cut_off(link_node& node) {
  http::loop waiting;
  return waiting.run_until([&] { return cut_off(node) >= 1; });
}

// Besides the bound: what comes between two looks, and what waits in the kernels' buffers.
constexpr std::uint64_t slack = 256 * mebibyte;

void expect_bounded(std::uint64_t sent) {
  EXPECT_GE(sent, link_intake::unread_max.connection_bytes_max);
  EXPECT_LE(sent, link_intake::unread_max.connection_bytes_max + slack);
}

TEST(endless_message, of_a_stranger_is_cut_off_and_nobody_else) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  expect_bounded(raw_speaker{b.self().endpoint}.introduce('x').go_on_with(part));
  EXPECT_TRUE(comes_to_cut_off(b));
  to_b->send(lane::data, "still here");
  EXPECT_TRUE(b.heard().wait_for("a.1 data still here"));
  EXPECT_EQ(b.heard().count("disconnected a.1"), 0);
}

TEST(endless_message, of_a_peer_is_cut_off) {
  link_node b{{"b", 1}};
  raw_peer x{b.self().endpoint};
  const auto token = x.greet(hello_of({"x", 1}));
  raw_speaker its_data{b.self().endpoint};
  its_data.introduce('x').say(frame_of(last, batch_of(token, 0, "good")));
  ASSERT_TRUE(b.heard().wait_for("x.1 data good"));
  expect_bounded(its_data.go_on_with(part));
  EXPECT_TRUE(comes_to_cut_off(b));
  EXPECT_EQ(x.greet(hello_of({"x", 1})), token) << "its other connections stay";
}

// A frame of a handshake is bounded by ZeroMQ; several are only by us.
void expect_handshakes_bounded(link_node& node, std::string_view mechanism) {
  std::vector<raw_speaker> many;
  for (int i = 0; i < 6; ++i) many.emplace_back(node.self().endpoint, mechanism);
  for (auto& one : many) one.say(frame_head(command, frame_limits::frame_bytes_max));
  const std::string rest(mebibyte, 'x');
  std::uint64_t sent = 0;
  http::loop waiting;
  EXPECT_TRUE(waiting.run_until([&] {
    for (auto& one : many) sent += one.say_some(rest, 30 * mebibyte);
    return std::any_of(many.begin(), many.end(), [](auto& one) { return one.ended(); });
  }));
  EXPECT_GE(sent, link_intake::unread_max.total_bytes_max);
  EXPECT_TRUE(comes_to_cut_off(node));
}

TEST(endless_message, in_place_of_many_handshakes_is_cut_off) {
  link_node open{{"a", 1}};
  expect_handshakes_bounded(open, "NULL");
}

TEST(endless_message, in_place_of_many_handshakes_with_a_key_is_cut_off) {
  auto options = quick_options();
  options.key = *make_cluster_key();
  link_node closed{{"b", 1}, options};
  expect_handshakes_bounded(closed, "CURVE");
}

// ZeroMQ leaves a second connection of the same name unread.
TEST(endless_message, under_a_name_that_is_taken_is_cut_off) {
  link_node b{{"b", 1}};
  const auto letter = frame_of(last, letter_frame("first"));
  raw_speaker first{b.self().endpoint};
  first.introduce('x').say(letter);
  ASSERT_TRUE(b.heard().wait_for("letter first"));
  const auto whole = frame_of(last, letter_frame(std::string(mebibyte, 'x')));
  expect_bounded(raw_speaker{b.self().endpoint}.introduce('x').go_on_with(whole));
  EXPECT_TRUE(comes_to_cut_off(b));
  first.say(letter);
  EXPECT_TRUE(b.heard().wait_for("letter first", 2));
}

// Takes the connection that comes next, and answers it without end.
void expect_answers_bounded(http::raw_listener& listener) {
  http::loop waiting;
  http::raw_socket accepted;
  ASSERT_TRUE(waiting.run_until([&] { return listener.accept(accepted); }));
  raw_speaker speaker{std::move(accepted)};
  const auto sent = speaker.introduce('x', "ROUTER").go_on_with(part);
  EXPECT_GE(sent, mebibyte);
  EXPECT_LE(sent, mebibyte + slack);
}

TEST(endless_message, for_an_answer_is_cut_off) {
  http::raw_listener listener;
  const auto endpoint = "tcp://127.0.0.1:" + std::to_string(listener.port());
  link_node a{{"a", 1}};
  a.links().reach({{"x", 1}, endpoint, {}, {}});
  for (std::size_t i = 0; i < lanes; ++i) expect_answers_bounded(listener);
  EXPECT_TRUE(comes_to_cut_off(a));
}

TEST(endless_message, for_an_answer_to_a_letter_is_cut_off) {
  http::raw_listener listener;
  link_node a{{"a", 1}};
  a.links().send_letter("tcp://127.0.0.1:" + std::to_string(listener.port()), "hello?");
  expect_answers_bounded(listener);
  EXPECT_TRUE(comes_to_cut_off(a));
}

TEST(endless_message, is_not_what_much_is_that_ends) {
  link_node a{{"a", 1}};
  link_node b{{"b", 1}};
  auto to_b = link(a, b);
  const shared_bytes blob{std::string(link_bounds::blob_bytes_max, 'x')};
  const std::string line = "a.1 data much+" + std::to_string(blob.size());
  for (int i = 1; i <= 8; ++i) {
    http::loop waiting;  // for the one before to be let go of
    ASSERT_TRUE(waiting.run_until(
        [&] { return to_b->send(lane::data, "much", std::vector{blob}) == send_result::queued; }));
    ASSERT_TRUE(b.heard().wait_for(line, i));
  }
  EXPECT_EQ(cut_off(b), 0u);
  EXPECT_EQ(b.heard().count("gap a.1 data"), 0);
}

}  // namespace
}  // namespace troupe::transport::zmq
