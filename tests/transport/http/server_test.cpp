#include "tests/transport/http/server_fixture.hpp"

namespace troupe::transport::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view get = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view body) {
  return "POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string{body};
}

TEST_F(server_test, answers_a_request_and_keeps_the_connection) {
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until_received(client, "echo:"));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 200 OK\r\nServer: troupe\r\nDate: "));
  EXPECT_THAT(client.received(), HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(client.received(), Not(HasSubstr("Connection:")));
  const auto& request = last_session().requests.at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.fields.find("HOST"), "x");
  client.clear();
  client.send(post("again"));
  ASSERT_TRUE(until_received(client, "echo:again"));
  EXPECT_EQ(sessions_.size(), 1U);
}

TEST_F(server_test, parses_a_request_cut_at_every_byte) {
  serve();
  const std::string bytes =
      "POST /v1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n" +
      post("0123456789");
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    auto client = connect();
    client.send(std::string_view{bytes}.substr(0, cut));
    loop_.settle();
    client.send(std::string_view{bytes}.substr(cut));
    ASSERT_TRUE(until_received(client, "echo:0123456789")) << "cut at " << cut;
    ASSERT_EQ(last_session().requests.at(0).body, "abcdefg") << "cut at " << cut;
    ASSERT_EQ(last_session().requests.at(0).fields.contains("Trailer"), false);
  }
}

TEST_F(server_test, takes_a_request_byte_by_byte) {
  serve();
  auto client = connect();
  for (const char c : post("slowly")) {
    client.send({&c, 1});
    loop_.settle();
  }
  EXPECT_TRUE(until_received(client, "echo:slowly"));
}

TEST_F(server_test, passes_large_bodies_byte_for_byte) {
  serve();
  std::string body(3 * 1024 * 1024 + 17, '\0');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>((i * 2654435761U) >> 11);
  const std::string bytes = post(body);
  auto client = connect();
  std::size_t sent = 0;
  ASSERT_TRUE(until([&] {
    sent += client.send(std::string_view{bytes}.substr(sent));
    client.receive();
    return client.received().size() > body.size() && client.received().ends_with(body);
  }));
  EXPECT_EQ(last_session().requests.at(0).body, body);
}

TEST_F(server_test, answers_pipelined_requests_in_order_one_at_a_time) {
  answer_ = nullptr;
  serve();
  auto client = connect();
  client.send(post("one") + post("two") + post("three"));
  ASSERT_TRUE(until([&] { return !sessions_.empty() && !last_session().requests.empty(); }));
  loop_.settle();
  auto& session = last_session();
  EXPECT_EQ(session.requests.size(), 1U);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(until([&] { return session.requests.size() == i + 1; }));
    session.line->send({200, {}}, session.requests.back().body + ";");
    EXPECT_EQ(session.requests.size(), i + 1);  // never from inside send
  }
  ASSERT_TRUE(until_received(client, "three;"));
  EXPECT_LT(client.received().find("one;"), client.received().find("two;"));
  EXPECT_LT(client.received().find("two;"), client.received().find("three;"));
}

TEST_F(server_test, many_pipelined_requests_answered_at_once_do_not_recurse) {
  serve();
  auto client = connect();
  std::string all;
  for (int i = 0; i < 5000; ++i) all += get;
  std::size_t sent = 0;
  std::size_t answers = 0;
  ASSERT_TRUE(until([&] {
    sent += client.send(std::string_view{all}.substr(sent));
    client.receive();
    answers = sessions_.empty() ? 0 : last_session().requests.size();
    return answers == 5000;
  }));
}

TEST_F(server_test, streams_in_chunks) {
  answer_ = [](recording_session& s) {
    s.line->start({200, {}});
    s.line->write("hello");
    s.line->write("");
    s.line->write(std::string(300, 'x'));
    s.line->finish();
  };
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until_received(client, "0\r\n\r\n"));
  EXPECT_THAT(client.received(), HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(client.received(),
              EndsWith("\r\n\r\n5\r\nhello\r\n12c\r\n" + std::string(300, 'x') + "\r\n0\r\n\r\n"));
}

// More than leave at the end of a turn at once: all are whole, and each has its own.
TEST_F(server_test, many_streams_that_wait_are_written_to_in_one_turn) {
  constexpr std::size_t streams = 150;
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  serve();
  std::vector<raw_socket> clients;
  for (std::size_t i = 0; i < streams; ++i) {
    clients.push_back(connect());
    clients.back().send(get);
    ASSERT_TRUE(until_received(clients.back(), "\r\n\r\n"));
  }
  for (std::size_t i = 0; i < streams; ++i) {
    sessions_[i]->line->write("for " + std::to_string(i) + ";");
    sessions_[i]->line->finish();
  }
  for (std::size_t i = 0; i < streams; ++i) {
    ASSERT_TRUE(until_received(clients[i], "\r\n0\r\n\r\n")) << i;
    EXPECT_THAT(clients[i].received(), HasSubstr("\r\nfor " + std::to_string(i) + ";\r\n"));
  }
}

TEST_F(server_test, the_head_of_a_stream_leaves_before_its_first_byte_comes) {
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until_received(client, "\r\n\r\n"));
  last_session().line->write("x");
  ASSERT_TRUE(until_received(client, "1\r\nx\r\n"));
  last_session().line->finish();
  ASSERT_TRUE(until_received(client, "0\r\n\r\n"));
}

TEST_F(server_test, http_1_0_gets_plain_bodies) {
  answer_ = [](recording_session& s) {
    if (s.requests.back().target == "/whole") return s.line->send({200, {}}, "whole");
    s.line->start({200, {}});
    s.line->write("stream");
    s.line->finish();
  };
  serve();
  EXPECT_THAT(answer_to("GET /whole HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\nwhole"));
  const auto streamed = answer_to("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(streamed, EndsWith("\r\n\r\nstream"));
  EXPECT_THAT(streamed, Not(HasSubstr("chunked")));
  auto client = connect();
  client.send("GET /whole HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(until_received(client, "whole"));
  EXPECT_THAT(client.received(), HasSubstr("Connection: keep-alive"));
  EXPECT_FALSE(client.ended());
}

TEST_F(server_test, head_and_bodiless_statuses_have_no_body) {
  answer_ = [](recording_session& s) {
    if (s.requests.back().target == "/204") return s.line->send({204, {}}, "ignored");
    if (s.requests.back().target == "/whole") return s.line->send({200, {}}, "12345");
    s.line->start({200, {}});
    s.line->write("ignored");
    s.line->finish();
  };
  serve();
  const std::string end = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const auto whole = answer_to("HEAD /whole" + end);
  EXPECT_THAT(whole, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(whole, EndsWith("\r\n\r\n"));
  EXPECT_THAT(answer_to("HEAD /streamed" + end), EndsWith("\r\n\r\n"));
  const auto none = answer_to("GET /204" + end);
  EXPECT_THAT(none, EndsWith("\r\n\r\n"));
  EXPECT_THAT(none, Not(HasSubstr("Content-Length")));
}

TEST_F(server_test, a_refusal_of_head_has_no_body) {
  serve();
  const auto refused = answer_to("HEAD / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(refused, EndsWith("\r\n\r\n"));
  EXPECT_THAT(answer_to("HEAD /a HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"), EndsWith("\r\n\r\n"));
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\n\r\n"), EndsWith("}"));
}

TEST_F(server_test, says_continue_only_to_a_client_that_waits_for_it) {
  serve();
  auto client = connect();
  const std::string head =
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  client.send(head);
  ASSERT_TRUE(until_received(client, "HTTP/1.1 100 Continue\r\n\r\n"));
  client.send("abc");
  ASSERT_TRUE(until_received(client, "echo:abc"));
  client.clear();
  client.send(head + "def");
  ASSERT_TRUE(until_received(client, "echo:def"));
  EXPECT_THAT(client.received(), Not(HasSubstr("100 Continue")));
}

TEST_F(server_test, fields_of_an_answer_cannot_smuggle) {
  answer_ = [](recording_session& s) {
    response_head head;
    head.fields.add("X-Good", "yes");
    head.fields.add("X-Bad", "a\r\nInjected: 1");
    head.fields.add("Content-Length", "999");
    head.fields.add("Transfer-Encoding", "chunked");
    head.fields.add("Connection", "upgrade");
    s.line->send(head, "ok");
  };
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until_received(client, "\r\n\r\nok"));
  EXPECT_THAT(client.received(), HasSubstr("X-Good: yes"));
  for (const auto* gone : {"Injected", "999", "chunked", "upgrade"}) {
    EXPECT_THAT(client.received(), Not(HasSubstr(gone)));
  }
}

TEST_F(server_test, listening_on_a_taken_port_names_it) {
  serve();
  server second{loop_.context(), limits_, nullptr};
  const auto port = second.listen("127.0.0.1", port_, false);
  ASSERT_FALSE(port);
  EXPECT_THAT(failure_text(port.error()), HasSubstr("127.0.0.1:" + std::to_string(port_)));
  EXPECT_FALSE(second.listen("no.address", 0, false));
}

TEST_F(server_test, shared_ports_may_be_bound_twice) {
  server first{loop_.context(), limits_, nullptr};
  server second{loop_.context(), limits_, nullptr};
  const auto port = first.listen("127.0.0.1", 0, true);
  ASSERT_TRUE(port);
  EXPECT_TRUE(second.listen("127.0.0.1", *port, true));
}

}  // namespace
}  // namespace troupe::transport::http
