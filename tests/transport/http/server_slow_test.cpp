// Clients that hold a connection by doing little: every wait has an end however steadily bytes
// come or go, not only where they pause.
#include "tests/transport/http/server_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class slow_client : public server_test {
 protected:
  // Sends one byte after the other, a turn of the loop between them, until the server closes.
  std::string drip(raw_socket& client, char byte) {
    EXPECT_TRUE(until([&] {
      client.send({&byte, 1});
      client.receive();
      return client.ended();
    }));
    return client.received();
  }
};

TEST_F(slow_client, a_head_that_drips_gets_408) {
  limits_.header_timeout = 50ms;
  limits_.header_bytes_max = 1 << 20;
  serve();
  auto client = connect();
  client.send("GET / HTTP/1.1\r\nHost: x\r\nX: ");
  EXPECT_THAT(drip(client, 'a'), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(closings_, ElementsAre(closing::slow_request));
}

TEST_F(slow_client, a_request_line_that_drips_gets_408) {
  limits_.header_timeout = 50ms;
  limits_.target_bytes_max = limits_.header_bytes_max = 1 << 20;
  serve();
  auto client = connect();
  client.send("GET /");
  EXPECT_THAT(drip(client, 'a'), StartsWith("HTTP/1.1 408 "));
}

TEST_F(slow_client, a_body_that_drips_gets_408) {
  limits_.receive_timeout = 50ms;
  serve();
  auto client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
  EXPECT_THAT(drip(client, 'a'), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(closings_, ElementsAre(closing::slow_request));
}

TEST_F(slow_client, chunks_that_drip_get_408) {
  limits_.receive_timeout = 50ms;
  serve();
  auto client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n");
  EXPECT_THAT(drip(client, 'a'), StartsWith("HTTP/1.1 408 "));
}

TEST_F(slow_client, the_second_request_of_a_connection_has_its_own_time) {
  limits_.receive_timeout = limits_.header_timeout = 200ms;
  limits_.idle_timeout = 10s;
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until_received(client, "echo:"));
  client.clear();
  EXPECT_FALSE(loop_.run_until([&] { return client.ended(); }, 250ms));  // idle, not slow
  client.send(get.substr(0, 10));
  loop_.settle();
  client.send(get.substr(10));
  EXPECT_TRUE(until_received(client, "HTTP/1.1 200 "));
}

// Both connections are closed when they have been idle so long; had the empty line made the first
// one younger, it would outlive the second.
TEST_F(slow_client, empty_lines_do_not_keep_a_connection) {
  limits_.idle_timeout = 100ms;
  serve();
  auto restless = connect();
  ASSERT_TRUE(until([&] { return server_->connections() == 1; }));
  auto quiet = connect();
  ASSERT_TRUE(until([&] { return server_->connections() == 2; }));
  EXPECT_FALSE(loop_.run_until([&] { return server_->connections() < 2; }, 40ms));
  restless.send("\r\n");
  ASSERT_TRUE(until_ended(quiet));
  loop_.settle();
  restless.receive();
  EXPECT_TRUE(restless.ended());
  EXPECT_EQ(restless.received(), "");
  EXPECT_TRUE(closings_.empty());  // an idle client has done nothing wrong
}

TEST_F(slow_client, a_reader_that_sips_is_dropped) {
  limits_.drain_timeout = 50ms;
  limits_.queued_bytes_max = 1 << 30;
  answer_ = [](recording_session& s) { s.line->send({200, {}}, std::string(32 << 20, 'x')); };
  serve();
  auto client = connect(4096);
  client.send(get);
  EXPECT_TRUE(until([&] {
    client.receive(1);
    return !sessions_.empty() && last_session().closes == 1;
  }));
  EXPECT_THAT(closings_, ElementsAre(closing::slow_reader));
}

TEST_F(slow_client, a_reader_that_catches_up_starts_anew) {
  limits_.drain_timeout = 300ms;
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  serve();
  auto client = connect(4096);
  client.send(get);
  ASSERT_TRUE(until_received(client, "\r\n\r\n"));
  const std::string piece(100'000, 'p');
  for (int round = 0; round < 4; ++round) {
    while (last_session().line->queued_bytes() == 0) last_session().line->write(piece);
    EXPECT_FALSE(loop_.run_until([&] { return last_session().closes > 0; }, 100ms));
    ASSERT_TRUE(until([&] {
      client.receive();
      return last_session().drains == round + 1;
    }));
  }
  EXPECT_TRUE(closings_.empty());
}

TEST_F(slow_client, an_answer_that_takes_too_long_is_ended_by_its_session_once) {
  limits_.answer_timeout = 30ms;
  answer_ = nullptr;
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until([&] { return !sessions_.empty() && last_session().overdue == 1; }));
  EXPECT_FALSE(loop_.run_until([&] { return last_session().overdue > 1; }, 60ms));
  last_session().line->send({504, {}}, "too late");
  ASSERT_TRUE(until_received(client, "too late"));
  client.send(get);
  EXPECT_TRUE(until([&] { return last_session().overdue == 2; }));  // the next has its own time
}

TEST_F(slow_client, a_streamed_answer_has_a_total_too) {
  limits_.answer_timeout = 50ms;
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  serve();
  auto client = connect();
  client.send(get);
  EXPECT_TRUE(until([&] {
    if (sessions_.empty() || last_session().requests.empty()) return false;
    if (last_session().overdue == 0) last_session().line->write("x");
    client.receive();
    return last_session().overdue == 1;
  }));
  last_session().line->finish();
  EXPECT_TRUE(until_received(client, "0\r\n\r\n"));
}

TEST_F(slow_client, one_address_cannot_take_every_connection) {
  limits_.client_connections_max = 2;
  serve();
  auto first = connect();
  auto second = connect();
  ASSERT_TRUE(until([&] { return server_->connections() == 2; }));
  auto third = connect();
  ASSERT_TRUE(until_ended(third));
  EXPECT_THAT(closings_, ElementsAre(closing::client_connections));
  first.close();
  ASSERT_TRUE(until([&] { return server_->connections() == 1; }));
  auto fourth = connect();
  fourth.send(get);
  EXPECT_TRUE(until_received(fourth, "HTTP/1.1 200 "));
}

TEST_F(slow_client, every_reason_has_a_name) {
  EXPECT_EQ(to_string(closing::connections), "connections");
  EXPECT_EQ(to_string(closing::client_connections), "client_connections");
  EXPECT_EQ(to_string(closing::slow_request), "slow_request");
  EXPECT_EQ(to_string(closing::slow_reader), "slow_reader");
}

}  // namespace
}  // namespace troupe::transport::http
