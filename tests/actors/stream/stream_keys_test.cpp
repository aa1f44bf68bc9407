// Clients that show API keys: who comes in, for what, and how often.
#include <gmock/gmock.h>

#include "runtime/digest.hpp"
#include "tests/actors/stream/stream_fixture.hpp"

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr auto chat = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";

const std::string event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const std::string end =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

std::string usage_answer(int prompt, int completion) {
  return R"({"choices":[],"usage":{"prompt_tokens":)" + std::to_string(prompt) +
         R"(,"completion_tokens":)" + std::to_string(completion) + "}}";
}

struct stream_keys_test : stream_fixture {
  // Admits one key, "secret"; the spec says what else holds of it.
  std::shared_ptr<api_key> admit(const std::function<void(config::api_key_spec&)>& limit = {}) {
    config::api_key_spec key;
    if (limit) limit(key);
    key.name = "team";
    key.sha256 = to_hex(sha256("secret"));
    keys.emplace(std::vector{key});
    context->keys = &*keys;
    return keys->find("Bearer secret");
  }

  void ask(const std::string& body = chat, const std::string& authorization = "Bearer secret",
           const std::string& path = "/v1/chat/completions") {
    http::request message;
    message.method = path.starts_with("/v1/chat") ? "POST" : "GET";
    message.target = path;
    if (!authorization.empty()) message.fields.add("Authorization", authorization);
    message.body = body;
    session->on_request(std::move(message));
    system.run();
  }

  // Answers the last attempt in one piece.
  void answer_whole(const std::string& body) {
    exchanges.back()->answer(200, "application/json", body);
    exchanges.back()->handler->on_end();
    system.run();
  }

  double count(prometheus::Counter& counter) { return counter.Value(); }

  std::optional<api_keys> keys;
};

TEST_F(stream_keys_test, without_keys_everybody_may_come) {
  router_script = {1};
  ask(chat, "");
  EXPECT_EQ(exchanges.size(), 1U);
}

TEST_F(stream_keys_test, a_missing_or_wrong_key_is_401_as_openai_spells_it) {
  admit();
  for (const auto* shown : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets",
                            "Basic secret", "secret", "Bearer  secret x", "Bearer SECRET"}) {
    ask(chat, shown);
    EXPECT_EQ(client.head.status, 401U) << shown;
    EXPECT_EQ(client.head.fields.find("www-authenticate"), "Bearer");
    EXPECT_THAT(client.body, HasSubstr(R"("code":"invalid_api_key")"));
    EXPECT_THAT(client.body, HasSubstr(R"("type":"invalid_request_error")"));
    EXPECT_THAT(client.body, Not(HasSubstr("secre")));
  }
  EXPECT_TRUE(routed.empty());
  EXPECT_EQ(count(metrics.key_refusals("", "unknown_key")), 9);
}

TEST_F(stream_keys_test, the_right_key_enters_and_goes_no_further) {
  admit();
  router_script = {1, 1};
  ask();
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_FALSE(engine().message.fields.contains("authorization"));
  EXPECT_EQ(routed.front().facts.client, "team");
  answer_whole("{}");
  EXPECT_EQ(client.head.status, 200U);
  ask(chat, "bearer  secret");  // schemes have no case
  EXPECT_EQ(exchanges.size(), 2U);
}

TEST_F(stream_keys_test, of_the_pages_only_health_and_readiness_are_open) {
  admit();
  for (const auto* open : {"/health", "/ready"}) {
    ask("", "", open);
    EXPECT_EQ(client.head.status, 200U) << open;
  }
  for (const auto* closed : {"/metrics", "/version", "/v1/models", "/nothing"}) {
    ask("", "", closed);
    EXPECT_EQ(client.head.status, 401U) << closed;
  }
  ask("", "Bearer secret", "/metrics");
  EXPECT_EQ(client.head.status, 200U);
}

TEST_F(stream_keys_test, a_model_the_key_may_not_use_is_404_and_not_listed) {
  admit([](auto& spec) { spec.models = {"other"}; });
  ask();
  EXPECT_EQ(client.head.status, 404U);
  EXPECT_THAT(client.body, HasSubstr(R"("code":"model_not_found")"));
  EXPECT_TRUE(routed.empty());
  EXPECT_EQ(count(metrics.key_refusals("team", "model")), 1);
  ask("", "Bearer secret", "/v1/models");
  EXPECT_EQ(client.body, R"({"object":"list","data":[]})");
  admit([](auto& spec) { spec.models = {"other", "m"}; });
  ask("", "Bearer secret", "/v1/models");
  EXPECT_THAT(client.body, HasSubstr(R"({"id":"m"})"));
  router_script = {1};
  ask();
  EXPECT_EQ(exchanges.size(), 1U);
}

TEST_F(stream_keys_test, requests_over_the_rate_are_429_until_their_time_comes) {
  admit([](auto& spec) { spec.requests_per_s = 2; });
  router_script = {1, 1, 1};
  for (int i = 0; i < 2; ++i) {
    ask();
    answer_whole("{}");
    ASSERT_EQ(client.head.status, 200U);
  }
  ask();
  EXPECT_EQ(client.head.status, 429U);
  EXPECT_EQ(client.head.fields.find("retry-after"), "1");
  EXPECT_THAT(client.body, HasSubstr(R"("code":"rate_limit_exceeded")"));
  EXPECT_THAT(client.body, HasSubstr(R"("type":"requests")"));
  EXPECT_EQ(count(metrics.key_refusals("team", "requests")), 1);
  ask("", "Bearer secret", "/v1/models");  // costs nothing
  EXPECT_EQ(client.head.status, 200U);
  EXPECT_FALSE(client.head.fields.contains("retry-after"));
  system.advance(500ms);
  ask();
  EXPECT_EQ(exchanges.size(), 3U);
}

TEST_F(stream_keys_test, tokens_are_estimated_on_entry_and_charged_by_usage) {
  const auto key = admit([](auto& spec) { spec.tokens_per_min = 1'000; });
  const auto level = [&] { return 1'000 - key->tokens_used(system.now()); };
  router_script = {1, 1, 1};
  ask(R"({"model":"m","max_tokens":900,"messages":[{"role":"user","content":"hi"}]})");
  ASSERT_EQ(exchanges.size(), 1U);
  EXPECT_LT(level(), 100);  // the most it may come to
  answer_whole(usage_answer(10, 40));
  EXPECT_NEAR(level(), 950, 0.01);
  EXPECT_EQ(count(metrics.key_tokens("team")), 50);
  ask();  // no limit of its own: what it costs is known when it is over
  answer_whole(usage_answer(10, 1'540));
  EXPECT_NEAR(level(), -600, 0.01);
  ask();
  EXPECT_EQ(client.head.status, 429U);
  EXPECT_THAT(client.body, HasSubstr(R"("type":"tokens")"));
  EXPECT_EQ(client.head.fields.find("retry-after"), "37");  // 600 and the prompt at 16.7 a second
  system.advance(37s);
  ask();
  EXPECT_EQ(exchanges.size(), 3U);
}

TEST_F(stream_keys_test, a_stream_without_usage_is_charged_by_its_pieces) {
  const auto key = admit([](auto& spec) { spec.tokens_per_min = 1'000; });
  router_script = {1};
  ask();
  engine().answer(200, "text/event-stream", event + event + event);
  engine().handler->on_body(end);
  engine().handler->on_end();
  system.run();
  const double used = key->tokens_used(system.now());
  EXPECT_GE(used, 3);
  EXPECT_LT(used, 20);
}

TEST_F(stream_keys_test, a_client_that_leaves_pays_for_what_it_got) {
  const auto key = admit([](auto& spec) { spec.tokens_per_min = 1'000; });
  router_script = {1};
  ask();
  engine().answer(200, "text/event-stream", event + event + event + event + event);
  close();
  EXPECT_GE(key->tokens_used(system.now()), 5);
}

TEST_F(stream_keys_test, what_failed_is_given_back) {
  const auto key = admit([](auto& spec) { spec.tokens_per_min = 1'000; });
  ask(R"({"model":"m","max_tokens":900,"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(client.head.status, 503U);  // no engine
  EXPECT_NEAR(key->tokens_used(system.now()), 0, 0.01);
  router_script = {1};
  ask(R"({"model":"m","max_tokens":900,"messages":[{"role":"user","content":"hi"}]})");
  exchanges.back()->answer(400, "application/json", R"({"error":{}})");
  exchanges.back()->handler->on_end();
  system.run();
  EXPECT_EQ(client.head.status, 400U);
  EXPECT_NEAR(key->tokens_used(system.now()), 0, 0.01);
}

TEST_F(stream_keys_test, keys_that_are_replaced_end_no_stream_and_are_charged_all_the_same) {
  config::api_key_spec key{"team", to_hex(sha256("secret")), {}, 0, 1'000};
  keys.emplace(std::vector{key});
  context->keys = &*keys;
  router_script = {1};
  ask(R"({"model":"m","max_tokens":900,"messages":[{"role":"user","content":"hi"}]})");
  ASSERT_EQ(exchanges.size(), 1U);
  key.tokens_per_min = 2'000;
  key.sha256 = to_hex(sha256("renewed"));
  keys->replace({key}, system.now());
  answer_whole(usage_answer(10, 490));
  EXPECT_EQ(client.head.status, 200U);
  EXPECT_NEAR(keys->find("Bearer renewed")->tokens_used(system.now()), 500, 0.01);
  ask();
  EXPECT_EQ(client.head.status, 401U);
}

TEST_F(stream_keys_test, a_removed_key_is_401_and_its_stream_goes_on) {
  admit();
  router_script = {1};
  ask();
  engine().answer(200, "text/event-stream", event);
  keys->replace({}, system.now());
  keys->replace({{"other", to_hex(sha256("new")), {}, 0, 0}}, system.now());
  engine().handler->on_body(end);
  engine().handler->on_end();
  system.run();
  EXPECT_THAT(client.body, HasSubstr("[DONE]"));
  EXPECT_GT(count(metrics.key_tokens("team")), 0);
  ask();
  EXPECT_EQ(client.head.status, 401U);
  router_script = {1};
  ask(chat, "Bearer new");
  EXPECT_EQ(exchanges.size(), 2U);
}

TEST_F(stream_keys_test, more_than_a_minutes_worth_passes_once_and_leaves_a_debt) {
  const auto key = admit([](auto& spec) { spec.tokens_per_min = 100; });
  router_script = {1};
  ask(R"({"model":"m","max_tokens":5000,"messages":[{"role":"user","content":"hi"}]})");
  ASSERT_EQ(exchanges.size(), 1U);
  answer_whole(usage_answer(10, 490));
  EXPECT_NEAR(key->tokens_used(system.now()), 500, 0.01);
}

}  // namespace
}  // namespace troupe::actors
