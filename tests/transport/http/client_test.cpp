// The client against raw upstreams.
#include "tests/transport/http/client_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";

TEST_F(client_test, sends_head_and_body_and_takes_the_answer) {
  recorder answer;
  start(answer, "question");
  accept();
  until_request("question");
  EXPECT_THAT(engine_.received(), StartsWith("POST /v1/x?y HTTP/1.1\r\nHost: 127.0.0.1:" +
                                             std::to_string(listener_.port()) + "\r\n"));
  EXPECT_THAT(engine_.received(), HasSubstr("\r\nX-Id: 7\r\n"));
  EXPECT_THAT(engine_.received(), HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_THAT(engine_.received(), EndsWith("\r\n\r\nquestion"));
  EXPECT_THAT(engine_.received(), Not(HasSubstr("forged")));
  EXPECT_THAT(engine_.received(), Not(HasSubstr("upgrade")));
  engine_.send(ok);
  ASSERT_TRUE(until([&] { return answer.over(); }));
  EXPECT_EQ(answer.ends, 1);
  EXPECT_EQ(answer.head.status, 200U);
  EXPECT_EQ(answer.head.fields.find("x-a"), "b");
  EXPECT_EQ(answer.body, "hello");
}

TEST_F(client_test, takes_every_kind_of_answer_cut_at_every_byte) {
  const std::string chunked =
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
      "\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nTrailer: x\r\n\r\n";
  const std::string plain = "HTTP/1.1 100 Continue\r\n\r\n" + std::string{ok};
  const std::string closed = "HTTP/1.1 200 OK\r\n\r\nhello";
  const std::string empty =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n";
  for (const auto& bytes : {chunked, plain, closed, empty}) {
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      recorder answer;
      client_.reset();
      start(answer);
      accept();
      engine_.send(std::string_view{bytes}.substr(0, cut));
      loop_.settle();
      engine_.send(std::string_view{bytes}.substr(cut));
      engine_.shutdown_send();
      ASSERT_TRUE(until([&] { return answer.over(); })) << cut;
      ASSERT_EQ(answer.ends, 1) << answer.text << " cut at " << cut;
      ASSERT_EQ(answer.body, bytes == empty ? "" : "hello") << cut;
    }
  }
}

TEST_F(client_test, chunks_of_one_read_come_as_one_piece) {
  recorder answer;
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 10; ++i) bytes += "1\r\n" + std::to_string(i) + "\r\n";
  exchange_bytes(answer, bytes + "0\r\n\r\n", false);
  EXPECT_EQ(answer.body, "0123456789");
  EXPECT_EQ(answer.pieces, 1);
}

TEST_F(client_test, reuses_a_connection_and_only_a_clean_one) {
  for (int i = 0; i < 3; ++i) {
    recorder answer;
    start(answer, "q");
    if (i == 0) accept();
    until_request("q");
    engine_.clear();
    engine_.send(ok);
    ASSERT_TRUE(until([&] { return answer.over(); }));
    EXPECT_EQ(engine_client().open_connections(), 1U);
  }
  for (const auto* last : {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nexcess",
                           "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    recorder answer;
    client_.reset();
    exchange_bytes(answer, last, false);
    EXPECT_EQ(answer.ends, 1);
    EXPECT_EQ(engine_client().open_connections(), 0U) << last;
  }
}

TEST_F(client_test, replaces_a_pooled_connection_that_turns_out_closed_once) {
  recorder first;
  exchange_bytes(first, ok, false);
  recorder second;
  start(second, "again");
  engine_.close();  // unread bytes or not: before one byte of the answer
  accept();
  until_request("again");
  engine_.close();
  ASSERT_TRUE(until([&] { return second.over(); }));
  EXPECT_EQ(second.code, errc::connection_lost);  // the fresh one is not replaced
}

// The closed connection may have delivered the request: what killed the upstream may be just that.
TEST_F(client_test, a_replacement_that_cannot_connect_is_a_lost_connection) {
  recorder first;
  exchange_bytes(first, ok, false);
  recorder second;
  start(second, "again");
  listener_.close();
  engine_.close();
  ASSERT_TRUE(until([&] { return second.over(); }));
  EXPECT_EQ(second.code, errc::connection_lost);
}

TEST_F(client_test, a_pooled_connection_that_died_in_mid_head_is_not_replaced) {
  recorder first;
  exchange_bytes(first, ok, false);
  recorder second;
  start(second, "again");
  until_request("again");
  engine_.send("H");
  engine_.close();
  ASSERT_TRUE(until([&] { return second.over(); }));
  EXPECT_EQ(second.code, errc::connection_lost);
}

TEST_F(client_test, idle_connections_are_dropped_when_closed_timed_out_or_forgotten) {
  recorder answer;
  exchange_bytes(answer, ok, false);
  engine_.close();
  EXPECT_TRUE(until([&] { return engine_client().open_connections() == 0; }));
  recorder next;
  exchange_bytes(next, ok, false);
  engine_client().forget({"127.0.0.1", listener_.port()});
  EXPECT_EQ(engine_client().open_connections(), 0U);
  limits_.pooled_timeout = 10ms;
  client_.reset();
  recorder last;
  exchange_bytes(last, ok, false);
  EXPECT_TRUE(until([&] { return engine_client().open_connections() == 0; }));
}

TEST_F(client_test, the_pool_is_bounded) {
  limits_.pooled_connections_max = 1;
  std::array<recorder, 3> answers;
  std::array<raw_socket, 3> engines;
  for (auto& each : answers) start(each);
  for (auto& each : engines) {
    ASSERT_TRUE(until([&] { return listener_.accept(each); }));
    each.send(ok);
  }
  ASSERT_TRUE(until([&] { return answers[0].over() && answers[1].over() && answers[2].over(); }));
  EXPECT_EQ(engine_client().open_connections(), 1U);
}

}  // namespace
}  // namespace troupe::transport::http
