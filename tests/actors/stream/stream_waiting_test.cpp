// Requests that wait in the router: full engines, deadlines, clients that leave meanwhile.
#include "tests/actors/stream/stream_fixture.hpp"

namespace troupe::actors {
namespace {

constexpr auto chat = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";

const std::string last_token =
    "data: {\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

using stream_waiting = stream_fixture;

TEST_F(stream_waiting, a_full_engine_is_asked_again_and_is_not_called_broken) {
  router_script = {1, 1, 1};
  post(chat);
  for (const std::size_t attempt : {0, 1}) {
    engine(attempt).answer(503, "application/json", R"({"error":"full"})");
    engine(attempt).handler->on_end();
    system.run();
  }
  ASSERT_EQ(exchanges.size(), 3U);
  EXPECT_TRUE(routed[2].tried.empty());
  EXPECT_EQ(routed[2].epoch, 3U);
  engine(2).answer(200, "text/event-stream", last_token);
  engine(2).handler->on_end();
  system.run();
  EXPECT_EQ(client.body, last_token);
  ASSERT_EQ(ended.size(), 3U);
  EXPECT_EQ(ended[0].outcome, lease_outcome::refused);
  EXPECT_EQ(ended[2].outcome, lease_outcome::completed);
}

TEST_F(stream_waiting, a_full_engine_s_refusal_goes_elsewhere_where_nothing_waits) {
  spec.router.admission.requests_max = 0;
  router_script = {1, 2};
  post(chat);
  engine(0).answer(503, "application/json", R"({"error":"full"})");
  engine(0).handler->on_end();
  system.run();
  EXPECT_EQ(routed[1].tried, std::vector<std::uint32_t>{1});
}

TEST_F(stream_waiting, too_many_requests_is_429_with_the_seconds_to_wait) {
  router_refusal = make_refusal(errc::too_many_requests, "every engine is full", 17);
  post(chat);
  EXPECT_EQ(client.head.status, 429U);
  EXPECT_EQ(client.head.fields.find("retry-after"), "17");
  EXPECT_NE(client.body.find("every engine is full"), std::string::npos);
  EXPECT_NE(client.body.find("RateLimitError"), std::string::npos);
}

TEST_F(stream_waiting, says_how_long_a_request_has_waited_already) {
  router_script = {1, 2};
  post(chat);
  system.advance(std::chrono::milliseconds{1'500});
  engine(0).handler->on_error(errc::connect_failed, "refused");
  system.run();
  EXPECT_EQ(routed[0].waited_ms, 0U);
  EXPECT_EQ(routed[1].waited_ms, 1'500U);
}

TEST_F(stream_waiting, a_full_engine_s_refusal_stands_if_no_other_takes_it) {
  router_script = {1};
  post(chat);
  engine().answer(503, "application/json", R"({"error":"full"})");
  engine().handler->on_end();
  system.run();
  EXPECT_EQ(routed.size(), 2U);
  EXPECT_EQ(client.head.status, 503U);
  EXPECT_EQ(client.body, R"({"error":"full"})");
}

TEST_F(stream_waiting, a_router_that_is_wrong_again_and_again_is_asked_no_more) {
  router_refusal = make_failure(errc::connect_failed, "engine e0 is not up");
  post(chat);
  EXPECT_EQ(routed.size(), retry_policy::refused_leases_max);
  EXPECT_EQ(client.head.status, 503U);
  EXPECT_NE(client.body.find("100 times"), std::string::npos);
}

}  // namespace
}  // namespace troupe::actors
