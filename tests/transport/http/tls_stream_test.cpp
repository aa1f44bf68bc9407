// The ends of a TLS stream: said goodbye to, or cut off by somebody between the two.
#include "transport/http/tls_stream.hpp"

#include <array>
#include <optional>

#include <gmock/gmock.h>

#include "tests/transport/http/certificates.hpp"
#include "tests/transport/http/loop.hpp"
#include "transport/http/tcp_listener.hpp"

namespace troupe::transport::http {
namespace {

using testing::HasSubstr;

// One end, which reads whatever comes.
struct stream_end final : tcp_stream::owner {
  void on_connected() override {
    connected = true;
    read_on();
  }
  void on_read(std::size_t bytes) override {
    received.append(memory.data(), bytes);
    read_on();
  }
  void on_written() override { ++drains; }
  void on_lost(tcp_stream::loss what, const std::string& reason) override {
    lost = what;
    why = reason;
  }
  void on_deadline() override { ++deadlines; }
  void read_on() { stream->read({memory.data(), memory.size()}); }

  std::shared_ptr<tcp_stream> stream;
  std::array<char, 1000> memory{};
  std::string received, why;
  std::optional<tcp_stream::loss> lost;
  bool connected = false;
  int drains = 0;
  int deadlines = 0;
};

class tls_stream_test : public testing::Test {
 protected:
  void SetUp() override {
    auto rules = tls_context::of_server(authority_.sign());
    auto belief = tls_context::of_client(authority_.file());
    ASSERT_TRUE(rules && belief);
    auto listening = tcp_listener::open(
        loop_.context(), {"127.0.0.1", 0, false}, [this, rules = *rules](int socket) {
          server_.stream = adopt_tls(loop_.context(), socket, server_,
                                     {rules, std::chrono::seconds{10}, nullptr});
          server_.read_on();
        });
    ASSERT_TRUE(listening);
    listener_ = *listening;
    // The client reaches the server through two raw sockets, which the test can cut.
    client_.stream =
        connect_tls(loop_.context(), {{"127.0.0.1"}, relay_.port(), "localhost", *belief}, client_);
    ASSERT_TRUE(loop_.run_until([&] { return relay_.accept(near_); }));
    far_ = raw_socket::connect(listener_->port());
    ASSERT_TRUE(until([&] { return client_.connected; }));
    client_.stream->write("hello");  // the server's handshake ends a flight later
    ASSERT_TRUE(until([&] { return server_.received == "hello"; }));
    server_.received.clear();
  }

  void TearDown() override {
    if (client_.stream) client_.stream->close();
    if (server_.stream) server_.stream->close();
    if (listener_) listener_->close();
  }

  // Runs the loop and carries bytes from one side to the other.
  bool until(const std::function<bool()>& condition) {
    return loop_.run_until([&] {
      carry(near_, far_);
      carry(far_, near_);
      return condition();
    });
  }

  static void carry(raw_socket& from, raw_socket& to) {
    from.receive();
    const auto sent = to.send(from.received());
    EXPECT_EQ(sent, from.received().size());  // these tests send little
    from.clear();
  }

  loop loop_;
  authority authority_;
  raw_listener relay_;
  raw_socket near_, far_;
  std::shared_ptr<tcp_listener> listener_;
  stream_end client_, server_;
};

TEST_F(tls_stream_test, carries_bytes_both_ways) {
  client_.stream->write("to ", "the ", "server");
  server_.stream->write("to the client");
  EXPECT_TRUE(until(
      [&] { return client_.received == "to the client" && server_.received == "to the server"; }));
  EXPECT_EQ(client_.stream->queued_bytes(), 0U);
}

TEST_F(tls_stream_test, more_than_a_read_takes_comes_in_several) {
  const std::string bytes(5'500, 'b');
  server_.stream->write(bytes);
  EXPECT_TRUE(until([&] { return client_.received == bytes; }));
}

TEST_F(tls_stream_test, a_goodbye_is_an_end) {
  server_.stream->write("last");
  server_.stream->shutdown_send();
  ASSERT_TRUE(until([&] { return client_.lost.has_value(); }));
  EXPECT_EQ(*client_.lost, tcp_stream::loss::end);
  EXPECT_EQ(client_.received, "last");
}

TEST_F(tls_stream_test, closing_says_goodbye_too) {
  server_.stream->write("last");
  server_.stream->close();
  ASSERT_TRUE(until([&] { return client_.lost.has_value(); }));
  EXPECT_EQ(*client_.lost, tcp_stream::loss::end);
  EXPECT_EQ(client_.received, "last");
}

// Whoever sits between the two can end the connection but not the message.
TEST_F(tls_stream_test, a_connection_that_is_cut_off_is_no_end) {
  server_.stream->write("part");
  ASSERT_TRUE(until([&] { return client_.received == "part"; }));
  near_.close();
  ASSERT_TRUE(loop_.run_until([&] { return client_.lost.has_value(); }));
  EXPECT_EQ(*client_.lost, tcp_stream::loss::read);
  EXPECT_THAT(client_.why, HasSubstr("cut off"));
}

TEST_F(tls_stream_test, bytes_changed_on_the_way_are_noticed) {
  server_.stream->write("the truth");
  ASSERT_TRUE(loop_.run_until([&] {
    far_.receive();
    return far_.received().size() > 30;
  }));
  std::string forged = far_.received();
  forged.back() = static_cast<char>(forged.back() ^ 1);
  near_.send(forged);
  far_.clear();
  ASSERT_TRUE(loop_.run_until([&] { return client_.lost.has_value(); }));
  EXPECT_EQ(*client_.lost, tcp_stream::loss::read);
  EXPECT_EQ(client_.received, "");
}

TEST_F(tls_stream_test, the_users_deadline_holds) {
  client_.stream->deadline(now() + std::chrono::milliseconds{20});
  EXPECT_TRUE(until([&] { return client_.deadlines == 1; }));
  EXPECT_FALSE(client_.lost.has_value());
}

TEST_F(tls_stream_test, after_close_nothing_is_called) {
  server_.stream->write("unheard");
  client_.stream->close();
  client_.stream->write("harmless");
  client_.stream->close();
  loop_.settle();
  EXPECT_EQ(client_.received, "");
  EXPECT_FALSE(client_.lost.has_value());
}

}  // namespace
}  // namespace troupe::transport::http
