#include "tests/actors/stream/stream_fixture.hpp"

namespace troupe::actors {
namespace {

constexpr auto chat = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],
  "user":"u","kv_transfer_params":{"x":1}})";

std::string token(std::string_view text) {
  return R"(data: {"choices":[{"delta":{"content":")" + std::string{text} +
         R"("},"finish_reason":null}]})" + "\n\n";
}

const std::string last_token =
    "data: {\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
    "\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\ndata: [DONE]\n\n";

using stream_test = stream_fixture;

TEST_F(stream_test, passes_the_body_byte_for_byte) {
  router_script = {1};
  post(chat);
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_EQ(*engine().body, chat);
  EXPECT_EQ(engine().to.port, 9001);
  EXPECT_EQ(engine().message.target, "/v1/chat/completions");
  EXPECT_EQ(engine().message.fields.find("x-request-id"), "req-1");
  EXPECT_FALSE(engine().message.fields.contains("authorization"));
  EXPECT_FALSE(engine().message.fields.contains("host"));
  EXPECT_FALSE(engine().message.fields.contains("connection"));
}

TEST_F(stream_test, streams_an_answer_and_tells_the_router) {
  router_script = {1};
  post(chat);
  engine().answer(200, "text/event-stream; charset=utf-8", token("a"));
  EXPECT_EQ(client.body, token("a"));
  engine().handler->on_body(last_token);
  engine().handler->on_end();
  system.run();
  EXPECT_EQ(client.body, token("a") + last_token);
  EXPECT_TRUE(client.finished);
  EXPECT_EQ(client.head.fields.find("x-request-id"), "req-1");
  EXPECT_EQ(client.head.fields.find("x-troupe-engine"), "e1");
  EXPECT_FALSE(client.head.fields.contains("connection"));
  ASSERT_EQ(first_tokens.size(), 1U);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, lease_outcome::completed);
  EXPECT_EQ(ended[0].usage.cached_tokens, 4U);
  EXPECT_TRUE(ended[0].usage.cached_known);
}

TEST_F(stream_test, times_every_piece_also_of_those_that_come_together) {
  router_script = {1};
  post(chat);
  engine().answer(200, "text/event-stream", token("a") + token("b"));
  engine().handler->on_body(token("c") + last_token);
  engine().handler->on_end();
  system.run();
  const auto& series = metrics.of("m");
  EXPECT_EQ(series.time_to_first_token->Collect().histogram.sample_count, 1U);
  EXPECT_EQ(series.inter_token->Collect().histogram.sample_count, 3U);
}

TEST_F(stream_test, passes_whole_events_only) {
  router_script = {1};
  post(chat);
  auto all = token("a") + token("b") + last_token;
  engine().answer(200, "text/event-stream", "");
  for (char byte : all) {
    engine().handler->on_body(std::string_view{&byte, 1});
    if (!client.body.empty()) {
      EXPECT_TRUE(client.body.ends_with("\n\n")) << client.body;
    }
  }
  engine().handler->on_end();
  EXPECT_EQ(client.body, all);
}

TEST_F(stream_test, a_refused_connection_goes_elsewhere) {
  router_script = {1, 2};
  post(chat);
  engine(0).handler->on_error(errc::connect_failed, "refused");
  system.run();
  ASSERT_EQ(exchanges.size(), 2U);
  EXPECT_EQ(routed[1].tried, std::vector<std::uint32_t>{1});
  EXPECT_EQ(routed[1].epoch, 2U);
  engine(1).answer(200, "text/event-stream", last_token);
  engine(1).handler->on_end();
  system.run();
  EXPECT_EQ(client.body, last_token);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].outcome, lease_outcome::failed);
  EXPECT_EQ(ended[1].outcome, lease_outcome::completed);
}

TEST_F(stream_test, an_engine_lost_before_its_first_event_goes_unnoticed) {
  router_script = {1, 2};
  post(chat);
  engine(0).answer(200, "text/event-stream", "data: {\"choi");
  engine(0).handler->on_error(errc::connection_lost, "reset");
  system.run();
  ASSERT_EQ(exchanges.size(), 2U);
  engine(1).answer(200, "text/event-stream", last_token);
  engine(1).handler->on_end();
  EXPECT_EQ(client.body, last_token);
  EXPECT_EQ(client.answers, 1);
}

TEST_F(stream_test, an_engine_lost_in_mid_stream_ends_with_a_typed_error) {
  router_script = {1, 2};
  post(chat);
  engine(0).answer(200, "text/event-stream", token("a") + "data: {\"half");
  engine(0).handler->on_error(errc::connection_lost, "reset");
  system.run();
  EXPECT_EQ(exchanges.size(), 1U);
  EXPECT_TRUE(client.finished);
  EXPECT_TRUE(client.body.starts_with(token("a") + "data: {\"error\":{\"message\":\""))
      << client.body;
  EXPECT_NE(client.body.find("BadGatewayError"), std::string::npos);
  EXPECT_EQ(client.body.find("half"), std::string::npos);
}

TEST_F(stream_test, a_stream_cut_without_a_finish_reason_is_an_error_too) {
  router_script = {1};
  post(chat);
  engine().answer(200, "text/event-stream", token("a"));
  engine().handler->on_end();
  EXPECT_NE(client.body.find("\"error\""), std::string::npos);
}

TEST_F(stream_test, a_request_that_lost_two_engines_is_quarantined) {
  router_script = {1, 2, 3};
  post(chat);
  engine(0).handler->on_error(errc::connection_lost, "reset");
  system.run();
  engine(1).handler->on_error(errc::connection_lost, "reset");
  system.run();
  EXPECT_EQ(exchanges.size(), 2U);
  EXPECT_EQ(client.head.status, 502U);
  EXPECT_NE(client.body.find("quarantined"), std::string::npos);
}

TEST_F(stream_test, an_engine_s_error_passes_through) {
  router_script = {1};
  post(chat);
  engine().answer(400, "application/json", R"({"error":{"message":"too long"}})");
  engine().handler->on_end();
  EXPECT_EQ(client.head.status, 400U);
  EXPECT_EQ(client.body, R"({"error":{"message":"too long"}})");
}

TEST_F(stream_test, no_engine_is_503_with_retry_after) {
  post(chat);
  EXPECT_EQ(client.head.status, 503U);
  EXPECT_EQ(client.head.fields.find("retry-after"), "1");
  EXPECT_NE(client.body.find("ServiceUnavailableError"), std::string::npos);
}

TEST_F(stream_test, a_router_that_does_not_answer_is_an_error_in_time) {
  auto silent = (*system).spawn([](router_actor::pointer self) -> router_actor::behavior_type {
    return {
        [self](const route_request&) -> caf::result<engine_lease> {
          return self->make_response_promise<engine_lease>();
        },
        [](const first_token_came&) {},
        [](const request_ended&) {},
        [](const engine_report&, const engine_proxy_actor&) {},
        [](get_models) { return model_listing{}; },
        [](maintain_tick) {},
        [](withdraw_request) {},
        [](settle_tick) {},
        [](const reconfigure_router&) {},
    };
  });
  names.put(router_name, silent);
  post(chat);
  EXPECT_EQ(client.answers, 0);
  system.advance(spec.router.limits.route_timeout + spec.router.admission.queue_timeout);
  EXPECT_EQ(client.answers, 1);
  EXPECT_GE(client.head.status, 500U);
}

TEST_F(stream_test, bad_requests_are_told_and_routed_nowhere) {
  struct bad {
    std::string body;
    std::string path;
    unsigned status;
  };
  for (const auto& [body, path, status] :
       {bad{"{", "/v1/chat/completions", 400}, bad{"[]", "/v1/completions", 400},
        bad{R"({"messages":[]})", "/v1/chat/completions", 400}, bad{"{}", "/v1/nothing", 404}}) {
    post(body, path);
    EXPECT_EQ(client.head.status, status) << body;
    EXPECT_NE(client.body.find("\"message\""), std::string::npos);
  }
  get("/v1/chat/completions");
  EXPECT_EQ(client.head.status, 405U);
  EXPECT_TRUE(routed.empty());
}

TEST_F(stream_test, a_client_that_leaves_cancels_its_engine) {
  router_script = {1};
  post(chat);
  engine().answer(200, "text/event-stream", token("a"));
  close();
  EXPECT_TRUE(engine().cancelled);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, lease_outcome::cancelled);
  EXPECT_TRUE(context->streams.empty());
}

TEST_F(stream_test, a_client_that_leaves_while_routed_leaves_no_lease) {
  router_script = {1};
  http::request message;
  message.method = "POST";
  message.target = "/v1/chat/completions";
  message.body = chat;
  session->on_request(std::move(message));
  close();
  EXPECT_TRUE(exchanges.empty());
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].outcome, lease_outcome::cancelled);
  EXPECT_TRUE(context->streams.empty());
}

TEST_F(stream_test, a_slow_client_holds_its_engine_back) {
  router_script = {1};
  post(chat);
  client.queued = 1 << 20;
  engine().answer(200, "text/event-stream", token("a"));
  EXPECT_TRUE(engine().paused);
  client.queued = 0;
  session->on_drain();
  EXPECT_FALSE(engine().paused);
}

TEST_F(stream_test, the_connection_is_re_armed_for_the_next_request) {
  for (std::uint32_t round = 0; round < 3; ++round) {
    router_script = {round};
    post(chat);
    engine(round).answer(200, "text/event-stream", last_token);
    engine(round).handler->on_end();
    system.run();
    EXPECT_EQ(client.answers, static_cast<int>(round) + 1);
    EXPECT_EQ(routed.back().tried.size(), 0U);
  }
}

TEST_F(stream_test, a_node_that_stops_tells_its_streams) {
  router_script = {1};
  post(chat);
  engine().answer(200, "text/event-stream", token("a"));
  caf::anon_send(stream_actor{*context->streams.begin()}, stop_request{});
  system.run();
  EXPECT_TRUE(engine().cancelled);
  EXPECT_TRUE(client.finished);
  EXPECT_NE(client.body.find("\"error\""), std::string::npos);
}

TEST_F(stream_test, a_long_plain_answer_passes_as_it_comes) {
  spec.stream.event_bytes_max = 1000;
  router_script = {1};
  post(chat);
  engine().answer(200, "application/json", std::string(1500, 'x'));
  EXPECT_EQ(client.body.size(), 1500U);
  engine().handler->on_error(errc::connection_lost, "reset");
  EXPECT_TRUE(client.aborted);
}

TEST_F(stream_test, answers_its_own_pages) {
  get("/health");
  EXPECT_EQ(client.head.status, 200U);
  EXPECT_EQ(client.body, R"({"status":"healthy"})");
  get("/metrics");
  EXPECT_EQ(client.body, "page 1\n");
  get("/v1/models");
  EXPECT_EQ(client.body, R"({"object":"list","data":[{"id":"m"}]})");
  get("/ready");
  EXPECT_EQ(client.head.status, 200U);
  EXPECT_EQ(client.body, R"({"status":"ready","engines":[{"name":"e0","up":true,"requests":2}]})");
  ending = "leaving";
  get("/ready");
  EXPECT_EQ(client.head.status, 503U);
  EXPECT_EQ(client.body,
            R"({"status":"leaving","engines":[{"name":"e0","up":true,"requests":2}]})");
  get("/health");
  EXPECT_EQ(client.head.status, 200U);
  EXPECT_EQ(client.body, R"({"status":"leaving"})");
  get("/version");
  EXPECT_NE(client.body.find("\"version\""), std::string::npos);
  post("{}", "/health");
  EXPECT_EQ(client.head.status, 405U);
}

}  // namespace
}  // namespace troupe::actors
