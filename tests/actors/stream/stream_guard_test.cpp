// What a stream refuses, and when it gives up by itself.
#include <gmock/gmock.h>

#include "tests/actors/stream/stream_fixture.hpp"

namespace troupe::actors {
namespace {

using testing::HasSubstr;

constexpr auto chat = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";

const std::string event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";

using stream_guard_test = stream_fixture;

std::string nested_body(std::size_t levels) {
  std::string body = R"({"model":"m","messages":[],"metadata":)";
  for (std::size_t i = 0; i < levels; ++i) body += R"({"a":)";
  body += "1";
  return body + std::string(levels + 1, '}');
}

TEST_F(stream_guard_test, bodies_nested_too_deep_are_refused_by_the_limit_they_break) {
  spec.stream.json_depth_max = 10;
  post(nested_body(10));
  EXPECT_EQ(client.head.status, 400U);
  EXPECT_THAT(client.body, HasSubstr("nests deeper than 10 levels"));
  EXPECT_TRUE(routed.empty());
  router_script = {1};
  post(nested_body(9));
  EXPECT_EQ(routed.size(), 1U);
}

TEST_F(stream_guard_test, bodies_that_are_no_utf8_say_so) {
  post("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}");
  EXPECT_EQ(client.head.status, 400U);
  EXPECT_THAT(client.body, HasSubstr("not valid UTF-8"));
  post("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xc3\"}]}");  // cut
  EXPECT_THAT(client.body, HasSubstr("not valid UTF-8"));
  post("{\"model\":\"m\",\"messages\":[}");
  EXPECT_THAT(client.body, HasSubstr("not valid JSON"));
  EXPECT_TRUE(routed.empty());
}

TEST_F(stream_guard_test, fields_that_connection_names_go_no_further) {
  router_script = {1};
  http::request message;
  message.method = "POST";
  message.target = "/v1/chat/completions";
  message.fields.add("Connection", "X-Hop, close");
  message.fields.add("X-Hop", "secret");
  message.fields.add("X-Stays", "yes");
  message.body = chat;
  session->on_request(std::move(message));
  system.run();
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_FALSE(engine().message.fields.contains("x-hop"));
  EXPECT_EQ(engine().message.fields.find("x-stays"), "yes");
  http::response_head head;
  head.fields.add("Content-Type", "application/json");
  head.fields.add("Connection", "X-Engine-Hop");
  head.fields.add("X-Engine-Hop", "secret");
  engine().handler->on_head(std::move(head));
  engine().handler->on_end();
  system.run();
  EXPECT_FALSE(client.head.fields.contains("x-engine-hop"));
}

TEST_F(stream_guard_test, an_overdue_answer_that_has_not_begun_is_504) {
  router_script = {1, 2};
  post(chat);
  session->on_overdue();
  system.run();
  EXPECT_EQ(client.head.status, 504U);
  EXPECT_THAT(client.body, HasSubstr("took over 3600000 ms"));
  EXPECT_TRUE(engine().cancelled);
  EXPECT_EQ(exchanges.size(), 1U);  // no second try
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, lease_outcome::cancelled);
}

TEST_F(stream_guard_test, an_overdue_stream_ends_with_an_error_event) {
  router_script = {1};
  post(chat);
  engine().answer(200, "text/event-stream", event);
  session->on_overdue();
  system.run();
  EXPECT_THAT(client.body, HasSubstr("GatewayTimeoutError"));
  EXPECT_TRUE(client.finished);
  EXPECT_TRUE(engine().cancelled);
}

TEST_F(stream_guard_test, an_overdue_answer_of_known_length_breaks_off) {
  spec.stream.event_bytes_max = 10;
  router_script = {1};
  post(chat);
  engine().answer(200, "application/json", "longer than can be kept");
  session->on_overdue();
  system.run();
  EXPECT_TRUE(client.aborted);
}

TEST_F(stream_guard_test, between_requests_nothing_is_overdue) {
  session->on_overdue();
  system.run();
  EXPECT_EQ(client.answers, 0);
  router_script = {1};
  post(chat);
  engine().answer(200, "application/json", "{}");
  engine().handler->on_end();
  system.run();
  EXPECT_EQ(client.head.status, 200U);
  session->on_overdue();
  system.run();
  EXPECT_EQ(client.answers, 1);
}

}  // namespace
}  // namespace troupe::actors
