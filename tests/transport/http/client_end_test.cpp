// Ends of exchanges: errors, time-outs, cancel, pause, and what never leaves.
#include "tests/transport/http/client_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";

TEST_F(client_test, garbage_is_a_protocol_error) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& bytes :
       {std::string{"SSH-2.0-OpenSSH_9.2\r\n"}, std::string{"HTTP/1.1 abc\r\n\r\n"},
        std::string{"HTTP/1.1 101 Switching Protocols\r\n\r\n"}, chunked + "zz\r\n",
        chunked + "1\r\nabc\r\n", std::string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
        std::string{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
        "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')}) {
    recorder answer;
    client_.reset();
    exchange_bytes(answer, bytes, false);
    EXPECT_EQ(answer.errors, 1) << bytes.substr(0, 100);
    EXPECT_EQ(answer.code, errc::protocol_error) << answer.text;
    EXPECT_EQ(engine_client().open_connections(), 0U);
  }
}

TEST_F(client_test, endless_interim_answers_are_bounded) {
  recorder answer;
  std::string bytes;
  for (int i = 0; i < 4000; ++i) bytes += "HTTP/1.1 100 Continue\r\n\r\n";
  exchange_bytes(answer, bytes, false);
  EXPECT_EQ(answer.code, errc::protocol_error);
}

TEST_F(client_test, an_upstream_that_dies_is_a_lost_connection) {
  for (const auto* bytes : {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    recorder answer;
    client_.reset();
    exchange_bytes(answer, bytes, true);
    EXPECT_EQ(answer.code, errc::connection_lost) << bytes;
  }
}

TEST_F(client_test, no_listener_is_connect_failed_but_never_from_inside_start) {
  listener_.close();
  recorder answer;
  start(answer);
  EXPECT_FALSE(answer.over());
  ASSERT_TRUE(until([&] { return answer.over(); }));
  EXPECT_EQ(answer.code, errc::connect_failed);
  EXPECT_THAT(answer.text, HasSubstr("127.0.0.1:"));
}

TEST_F(client_test, silence_is_a_timeout) {
  limits_.idle_timeout = 20ms;
  recorder before;
  start(before);
  accept();
  ASSERT_TRUE(until([&] { return before.over(); }));
  EXPECT_EQ(before.code, errc::timeout);
  recorder within;
  start(within, "", {15ms});
  accept();
  engine_.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  ASSERT_TRUE(until([&] { return within.over(); }));
  EXPECT_EQ(within.code, errc::timeout);
  EXPECT_EQ(within.body, "abc");
}

TEST_F(client_test, cancel_is_noticed_upstream_and_silences_the_handler) {
  recorder answer;
  const auto under_way = start(answer, "q");
  accept();
  until_request("q");
  under_way->cancel();
  under_way->cancel();
  ASSERT_TRUE(until([&] {
    engine_.receive();
    return engine_.ended();
  }));
  EXPECT_FALSE(answer.over());
  EXPECT_EQ(engine_client().open_connections(), 0U);
  recorder while_connecting;
  start(while_connecting)->cancel();
  loop_.settle();
  EXPECT_FALSE(while_connecting.over());
}

TEST_F(client_test, a_handler_may_cancel_from_its_own_calls) {
  for (const bool in_head : {true, false}) {
    recorder answer;
    std::shared_ptr<exchange> under_way;
    (in_head ? answer.head_came : answer.body_came) = [&] { under_way->cancel(); };
    under_way = start(answer);
    accept();
    engine_.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    ASSERT_TRUE(until([&] {
      engine_.receive();
      return engine_.ended();
    }));
    EXPECT_EQ(answer.body, in_head ? "" : "a");
    EXPECT_FALSE(answer.over());
  }
}

TEST_F(client_test, a_paused_exchange_holds_the_upstream_back_and_loses_nothing) {
  recorder answer;
  const auto under_way = start(answer);
  answer.head_came = [&] { under_way->pause(); };
  accept();
  const std::string body(32 << 20, 'b');
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  std::size_t sent = engine_.send(bytes);
  ASSERT_TRUE(until([&] { return answer.head.status == 200; }));
  for (int i = 0; i < 100; ++i) {
    sent += engine_.send(std::string_view{bytes}.substr(sent));
    loop_.settle();
  }
  EXPECT_LT(sent, bytes.size());
  EXPECT_EQ(answer.body, "");
  under_way->resume();
  EXPECT_EQ(answer.body, "");  // never from inside resume
  ASSERT_TRUE(until([&] {
    sent += engine_.send(std::string_view{bytes}.substr(sent));
    return answer.over();
  }));
  EXPECT_EQ(answer.body, body);
}

TEST_F(client_test, an_upstream_may_end_while_paused) {
  recorder answer;
  const auto under_way = start(answer);
  answer.body_came = [&] { under_way->pause(); };
  accept();
  until_request();  // unread bytes would make its close a reset
  engine_.send("HTTP/1.1 200 OK\r\n\r\nabc");
  ASSERT_TRUE(until([&] { return answer.body == "abc"; }));
  engine_.send("def");
  engine_.close();
  loop_.settle();
  EXPECT_EQ(answer.body, "abc");
  answer.body_came = nullptr;
  under_way->resume();
  ASSERT_TRUE(until([&] { return answer.over(); }));
  EXPECT_EQ(answer.body, "abcdef");
  EXPECT_EQ(answer.ends, 1);
}

TEST_F(client_test, large_request_bodies_pass_byte_for_byte) {
  std::string body(5 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>((i * 40503U) >> 7);
  recorder answer;
  start(answer, body);
  accept();
  ASSERT_TRUE(until([&] {
    engine_.receive(100'000);
    return engine_.received().size() > body.size() && engine_.received().ends_with(body);
  }));
  engine_.send(ok);
  ASSERT_TRUE(until([&] { return answer.over(); }));
  EXPECT_EQ(answer.ends, 1);
}

TEST_F(client_test, an_answer_to_a_half_sent_request_is_taken) {
  recorder answer;
  start(answer, std::string(32 << 20, 'x'));
  accept();
  engine_.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  ASSERT_TRUE(until([&] { return answer.over(); }));
  EXPECT_EQ(answer.head.status, 413U);
  EXPECT_EQ(answer.body, "no");
  EXPECT_EQ(engine_client().open_connections(), 0U);
}

TEST_F(client_test, names_and_ipv6_addresses_are_reached) {
  raw_listener six{"::1"};
  for (const auto& to : {endpoint{"localhost", listener_.port()}, endpoint{"::1", six.port()},
                         endpoint{"[::1]", six.port()}}) {
    recorder answer;
    engine_client().start(to, {}, nullptr, answer);
    ASSERT_TRUE(until([&] { return listener_.accept(engine_) || six.accept(engine_); }));
    until_request();
    EXPECT_THAT(engine_.received(), HasSubstr(to.host == "localhost" ? "localhost:" : "[::1]:"));
    engine_.send(ok);
    ASSERT_TRUE(until([&] { return answer.over(); }));
    EXPECT_EQ(answer.ends, 1);
  }
}

TEST_F(client_test, unknown_names_are_connect_failed) {
  recorder answer;
  engine_client().start({"no-such-host.invalid", 80}, {}, nullptr, answer);
  ASSERT_TRUE(until([&] { return answer.over(); }));
  EXPECT_EQ(answer.code, errc::connect_failed);
}

TEST_F(client_test, requests_that_would_inject_lines_are_not_sent) {
  recorder target, field;
  request bad_target, bad_field;
  bad_target.target = "/ HTTP/1.1\r\nX: y";
  bad_field.fields.add("X", "a\r\nb: c");
  const endpoint to{"127.0.0.1", listener_.port()};
  engine_client().start(to, bad_target, nullptr, target);
  engine_client().start(to, bad_field, nullptr, field);
  ASSERT_TRUE(until([&] { return target.over() && field.over(); }));
  EXPECT_EQ(target.code, errc::invalid_request);
  EXPECT_EQ(field.code, errc::invalid_request);
  EXPECT_FALSE(listener_.accept(engine_));
}

TEST_F(client_test, abort_and_destruction_call_nobody) {
  recorder first, second;
  start(first);
  engine_client().abort();
  EXPECT_EQ(engine_client().open_connections(), 0U);
  const auto kept = start(second);
  client_.reset();
  loop_.settle();
  kept->cancel();
  kept->resume();
  EXPECT_FALSE(first.over());
  EXPECT_FALSE(second.over());
}

}  // namespace
}  // namespace troupe::transport::http
