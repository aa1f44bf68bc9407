// Ends of connections: limits, timeouts, clients that leave, orderly and abrupt stops.
#include "tests/transport/http/server_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(server_test, too_large_heads_get_431) {
  limits_.header_bytes_max = 1000;
  serve();
  const auto field = [](std::size_t bytes) {
    return "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(bytes, 'a');
  };
  EXPECT_THAT(answer_to(field(2000)), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer_to(field(2000) + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer_to("GET /" + std::string(3000, 'a')), StartsWith("HTTP/1.1 431 "));
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  EXPECT_THAT(answer_to(many + "\r\n"), StartsWith("HTTP/1.1 431 "));
  auto fits = connect();
  fits.send(field(900) + "\r\n\r\n");
  EXPECT_TRUE(until_received(fits, "HTTP/1.1 200 "));
}

TEST_F(server_test, too_large_bodies_get_413_before_they_are_read) {
  limits_.body_bytes_max = 1000;
  serve();
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  const auto refused = answer_to(head + "Content-Length: 1001\r\n\r\n");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(refused, HasSubstr("Connection: close"));
  EXPECT_THAT(refused, HasSubstr(R"("type":"PayloadTooLargeError","param":null,"code":413)"));
  EXPECT_THAT(answer_to(head + "Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer_to(head + "Transfer-Encoding: chunked\r\n\r\n1f4\r\n" + std::string(500, 'x') +
                        "\r\n1f5\r\n"),
              StartsWith("HTTP/1.1 413 "));
  auto fits = connect();
  fits.send(head + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_TRUE(until_received(fits, "HTTP/1.1 200 "));
}

TEST_F(server_test, a_refusal_survives_a_client_that_is_still_sending) {
  limits_.body_bytes_max = 1000;
  serve();
  auto client = connect();
  const std::string body(1 << 20, 'x');
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
  std::size_t sent = 0;
  ASSERT_TRUE(until([&] {
    sent += client.send(std::string_view{body}.substr(sent));
    return sent == body.size();
  }));
  client.shutdown_send();
  ASSERT_TRUE(until_ended(client));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(server_test, endless_chunk_headers_and_trailers_are_bounded) {
  limits_.header_bytes_max = 1000;
  serve();
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(answer_to(head + "5;" + std::string(3000, 'e')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer_to(head + "0\r\nT: " + std::string(3000, 't')), StartsWith("HTTP/1.1 431 "));
  EXPECT_TRUE(until([&] { return last_session().closes == 1; }));
  EXPECT_TRUE(last_session().requests.empty());
}

TEST_F(server_test, slow_heads_and_bodies_get_408) {
  limits_.header_timeout = 20ms;
  limits_.body_timeout = 20ms;
  serve();
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost:"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"),
              StartsWith("HTTP/1.1 408 "));
}

TEST_F(server_test, idle_connections_are_closed_without_a_word) {
  limits_.idle_timeout = 20ms;
  serve();
  EXPECT_EQ(answer_to(""), "");
  auto used = connect();
  used.send(get);
  ASSERT_TRUE(until_ended(used));
  EXPECT_THAT(used.received(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(until([&] { return last_session().closes == 1; }));
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(server_test, a_long_answer_outlives_the_idle_timeout) {
  limits_.idle_timeout = 10ms;
  limits_.header_timeout = 10ms;
  limits_.write_timeout = 10ms;
  answer_ = nullptr;
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until([&] { return !sessions_.empty() && !last_session().requests.empty(); }));
  EXPECT_FALSE(loop_.run_until([&] { return last_session().closes > 0; }, 60ms));
  last_session().line->send({200, {}}, "late");
  EXPECT_TRUE(until_received(client, "late"));
}

TEST_F(server_test, a_reader_that_stops_is_dropped_after_the_write_timeout) {
  limits_.write_timeout = 20ms;
  limits_.queued_bytes_max = 1 << 30;
  answer_ = [](recording_session& s) {
    s.line->start({200, {}});
    s.line->write(std::string(8 << 20, 'x'));
  };
  serve();
  auto client = connect(4096);
  client.send(get);
  EXPECT_TRUE(until([&] { return !sessions_.empty() && last_session().closes == 1; }));
}

TEST_F(server_test, a_slow_reader_is_bounded_and_the_session_may_go_on_when_drained) {
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  serve();
  auto client = connect(4096);
  client.send(get);
  ASSERT_TRUE(until_received(client, "\r\n\r\n"));
  client.clear();
  auto& session = last_session();
  const std::string piece(100'000, 'p');
  std::size_t written = 0;
  while (session.line->queued_bytes() == 0) {
    session.line->write(piece);
    written += piece.size();
  }
  EXPECT_EQ(session.drains, 0);
  session.drain = [](recording_session& s) { s.line->finish(); };
  ASSERT_TRUE(until_received(client, "0\r\n\r\n"));
  EXPECT_EQ(session.drains, 1);
  EXPECT_GE(client.received().size(), written);
  EXPECT_EQ(session.closes, 0);
}

TEST_F(server_test, beyond_the_queue_bound_the_connection_is_dropped) {
  limits_.queued_bytes_max = 200'000;
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  serve();
  auto client = connect(4096);
  client.send(get);
  ASSERT_TRUE(until_received(client, "\r\n\r\n"));
  auto& session = last_session();
  auto* line = session.line;
  const std::string piece(100'000, 'p');
  for (int i = 0; i < 1000; ++i) {
    line->write(piece);
    ASSERT_EQ(session.closes, 0);  // never from inside write
  }
  line->finish();  // harmless on a dead connection
  EXPECT_TRUE(until([&] { return session.closes == 1; }));
  EXPECT_EQ(session.drains, 0);
}

TEST_F(server_test, a_client_that_leaves_is_noticed_while_its_answer_is_made) {
  for (const bool started : {false, true}) {
    for (const bool hard : {false, true}) {
      answer_ = [started](recording_session& s) {
        if (started) s.line->start({200, {}});
      };
      serve();
      auto client = connect();
      client.send(get);
      ASSERT_TRUE(until([&] { return !sessions_.empty() && !last_session().requests.empty(); }));
      hard ? client.reset() : client.close();
      ASSERT_TRUE(until([&] { return last_session().closes == 1; }));
      EXPECT_EQ(server_->connections(), 0U);
      sessions_.clear();
    }
  }
}

TEST_F(server_test, a_client_that_leaves_in_mid_request_is_closed_once) {
  serve();
  auto client = connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc");
  ASSERT_TRUE(until([&] { return !sessions_.empty(); }));
  loop_.settle();
  client.close();
  ASSERT_TRUE(until([&] { return last_session().closes == 1; }));
  loop_.settle();
  EXPECT_EQ(last_session().closes, 1);
  EXPECT_TRUE(last_session().requests.empty());
}

TEST_F(server_test, abort_by_the_session_sends_nothing_and_closes_later) {
  answer_ = [](recording_session& s) {
    s.line->start({200, {}});
    s.line->write("never seen");
    s.line->abort();
    EXPECT_EQ(s.closes, 0);
    s.line->write("harmless");
    s.line->finish();
    s.line->send({200, {}}, "harmless");
    EXPECT_EQ(s.line->queued_bytes(), 0U);
  };
  serve();
  EXPECT_EQ(answer_to(get), "");
  EXPECT_TRUE(until([&] { return last_session().closes == 1; }));
}

TEST_F(server_test, stop_closes_idle_connections_and_lets_answers_end) {
  answer_ = nullptr;
  serve();
  auto idle = connect();
  auto busy = connect();
  busy.send(get);
  ASSERT_TRUE(until([&] { return sessions_.size() == 2 && !last_session().requests.empty(); }));
  bool drained = false;
  server_->stop();
  server_->on_drained([&] { drained = true; });
  ASSERT_TRUE(until_ended(idle));
  EXPECT_FALSE(drained);
  EXPECT_EQ(server_->connections(), 1U);
  last_session().line->send({200, {}}, "last words");
  ASSERT_TRUE(until_ended(busy));
  EXPECT_THAT(busy.received(), HasSubstr("Connection: close"));
  EXPECT_THAT(busy.received(), HasSubstr("last words"));
  EXPECT_TRUE(until([&] { return drained; }));
}

TEST_F(server_test, stop_without_connections_is_drained_at_once) {
  serve();
  bool drained = false;
  server_->stop();
  server_->on_drained([&] { drained = true; });
  EXPECT_FALSE(drained);
  EXPECT_TRUE(until([&] { return drained; }));
}

TEST_F(server_test, abort_and_destruction_close_every_session_once) {
  answer_ = nullptr;
  serve();
  auto first = connect();
  auto second = connect();
  second.send(get);
  ASSERT_TRUE(until([&] { return sessions_.size() == 2; }));
  server_->abort();
  server_.reset();
  ASSERT_TRUE(until_ended(first));
  ASSERT_TRUE(until_ended(second));
  loop_.settle();
  for (const auto& each : sessions_) EXPECT_EQ(each->closes, 1);
}

TEST_F(server_test, connections_over_the_bound_are_closed) {
  limits_.connections_max = 2;
  serve();
  auto first = connect();
  auto second = connect();
  ASSERT_TRUE(until([&] { return server_->connections() == 2; }));
  auto third = connect();
  ASSERT_TRUE(until_ended(third));
  EXPECT_EQ(server_->connections(), 2U);
  second.send(get);
  EXPECT_TRUE(until_received(second, "echo:"));
}

TEST_F(server_test, what_a_client_sends_ahead_is_bounded) {
  limits_.header_bytes_max = 1000;
  answer_ = nullptr;
  serve();
  auto client = connect(4096);
  client.send(get);
  const std::string flood(64 * 1024, 'x');
  ASSERT_TRUE(until([&] { return !sessions_.empty() && !last_session().requests.empty(); }));
  for (int i = 0; i < 200; ++i) {
    client.send(flood);
    loop_.settle();
  }
  EXPECT_LT(client.send(flood), flood.size());  // the kernel's buffers are full, not ours
  EXPECT_EQ(last_session().requests.size(), 1U);
}

}  // namespace
}  // namespace troupe::transport::http
