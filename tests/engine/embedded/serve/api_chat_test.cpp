#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::events_of;
using test::fake_rig;
using test::json;

json chat(const std::string& text, json more = json::object()) {
  json body{{"model", "tiny"}, {"max_tokens", 8}, {"seed", 1}, {"ignore_eos", true}};
  body["messages"] = json::array({{{"role", "user"}, {"content", text}}});
  body.update(more);
  return body;
}

constexpr const char* path = "/v1/chat/completions";

TEST(api_chat, answers_field_by_field_as_vllm) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto answer = client.post(path, chat("Hello there"));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  const auto body = answer.parsed();
  EXPECT_EQ(body["id"].get<std::string>().rfind("chatcmpl-", 0), 0U);
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_EQ(body["model"], "tiny");
  EXPECT_TRUE(body["created"].is_number_integer());
  ASSERT_EQ(body["choices"].size(), 1U);
  const auto& choice = body["choices"][0];
  EXPECT_EQ(choice["index"], 0);
  EXPECT_EQ(choice["message"]["role"], "assistant");
  EXPECT_TRUE(choice["message"]["content"].is_string());
  EXPECT_EQ(choice["finish_reason"], "length");
  for (const auto* name : {"logprobs", "stop_reason", "token_ids"}) {
    EXPECT_TRUE(choice.contains(name) && choice[name].is_null()) << name;
  }
  for (const auto* name :
       {"service_tier", "prompt_logprobs", "prompt_token_ids", "kv_transfer_params"}) {
    EXPECT_TRUE(body.contains(name) && body[name].is_null()) << name;
  }
  EXPECT_EQ(body["system_fingerprint"].get<std::string>().rfind("troupe-", 0), 0U);
  const auto& usage = body["usage"];
  EXPECT_EQ(usage["completion_tokens"], 8);
  EXPECT_GT(usage["prompt_tokens"], 0);
  EXPECT_EQ(usage["total_tokens"].get<int>(), usage["prompt_tokens"].get<int>() + 8);
  EXPECT_EQ(usage["prompt_tokens_details"]["cached_tokens"], 0);
}

TEST(api_chat, streams_role_pieces_usage_and_done) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto whole = client.post(path, chat("Hello there")).parsed();
  const auto answer = client.post(
      path, chat("Hello there", {{"stream", true}, {"stream_options", {{"include_usage", true}}}}));
  ASSERT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.headers.at("content-type"), "text/event-stream; charset=utf-8");
  const auto events = events_of(answer.body);
  ASSERT_GE(events.size(), 4U);
  EXPECT_EQ(events.front()["choices"][0]["delta"], (json{{"role", "assistant"}, {"content", ""}}));
  EXPECT_TRUE(events.front()["choices"][0]["finish_reason"].is_null());
  EXPECT_EQ(events.back(), "[DONE]");
  const auto& usage = events[events.size() - 2];
  EXPECT_TRUE(usage["choices"].empty());
  EXPECT_EQ(usage["usage"]["completion_tokens"], 8);
  EXPECT_TRUE(usage["usage"]["prompt_tokens_details"].contains("cached_tokens"));
  std::string text;
  for (std::size_t i = 1; i + 2 < events.size(); ++i) {
    EXPECT_EQ(events[i]["object"], "chat.completion.chunk");
    EXPECT_EQ(events[i]["id"], events[0]["id"]);
    EXPECT_FALSE(events[i].contains("usage"));
    text += events[i]["choices"][0]["delta"]["content"].get<std::string>();
  }
  EXPECT_EQ(events[events.size() - 3]["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(text, whole["choices"][0]["message"]["content"]);
}

TEST(api_chat, streams_without_usage_unless_asked) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (const auto& event : events_of(client.post(path, chat("a", {{"stream", true}})).body)) {
    if (!event.is_object()) continue;
    EXPECT_FALSE(event.contains("usage") || event["choices"].empty());
  }
  const json each{{"include_usage", true}, {"continuous_usage_stats", true}};
  const auto events =
      events_of(client.post(path, chat("a", {{"stream", true}, {"stream_options", each}})).body);
  for (std::size_t i = 0; i + 1 < events.size(); ++i) {
    const bool is_total = i + 2 == events.size();
    ASSERT_TRUE(events[i].contains("usage"));
    EXPECT_EQ(events[i]["usage"].contains("prompt_tokens_details"), is_total) << i;
    EXPECT_EQ(events[i].contains("system_fingerprint"), is_total) << i;
  }
}

TEST(api_chat, returns_token_ids_when_asked) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json on{{"return_token_ids", true}};
  const auto whole = client.post(path, chat("Hello", on)).parsed();
  const auto ids = whole["choices"][0]["token_ids"].get<std::vector<int>>();
  EXPECT_EQ(ids.size(), 8U);
  EXPECT_EQ(whole["prompt_token_ids"].size(), whole["usage"]["prompt_tokens"]);
  const auto events = events_of(
      client.post(path, chat("Hello", {{"return_token_ids", true}, {"stream", true}})).body);
  EXPECT_EQ(events[0]["prompt_token_ids"], whole["prompt_token_ids"]);
  std::vector<int> streamed;
  for (std::size_t i = 1; i + 1 < events.size(); ++i) {
    for (const auto& id : events[i]["choices"][0]["token_ids"]) streamed.push_back(id);
  }
  EXPECT_EQ(streamed, ids);
}

TEST(api_chat, tells_how_much_of_a_repeated_prompt_was_cached) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto body = chat(std::string(400, 'x'));
  const auto first = client.post(path, body).parsed();
  const auto second = client.post(path, body).parsed();
  const auto prompt = first["usage"]["prompt_tokens"].get<int>();
  EXPECT_EQ(first["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
  EXPECT_EQ(second["usage"]["prompt_tokens_details"]["cached_tokens"], (prompt - 1) / 16 * 16);
  EXPECT_EQ(first["choices"], second["choices"]);
  auto salted = body;
  salted["cache_salt"] = "mine";
  const auto third = client.post(path, salted).parsed();
  EXPECT_EQ(third["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
  EXPECT_EQ(third["choices"], first["choices"]);
}

TEST(api_chat, joins_text_parts_and_takes_roles_and_tools_into_the_prompt) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto tokens_of = [&](json messages) {
    return client.post("/tokenize", {{"messages", std::move(messages)}}).parsed()["tokens"];
  };
  const json part_a{{"type", "text"}, {"text", "one"}}, part_b{{"type", "text"}, {"text", "two"}};
  const auto parts =
      tokens_of(json::array({{{"role", "user"}, {"content", json::array({part_a, part_b})}}}));
  const auto plain = tokens_of(json::array({{{"role", "user"}, {"content", "one\ntwo"}}}));
  const auto other = tokens_of(json::array({{{"role", "system"}, {"content", "one\ntwo"}}}));
  EXPECT_EQ(parts, plain);
  EXPECT_NE(plain, other);
}

TEST(api_chat, leaves_out_the_generation_prompt_when_told) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  json body{{"messages", json::array({{{"role", "user"}, {"content", "one"}}})}};
  const auto with = client.post("/tokenize", body).parsed();
  body["add_generation_prompt"] = false;
  const auto without = client.post("/tokenize", body).parsed();
  EXPECT_GT(with["count"], without["count"]);
  EXPECT_EQ(with["max_model_len"], 1024);
  EXPECT_EQ(with["tokens"].size(), with["count"]);
}

TEST(api_chat, the_last_speaker_goes_on_where_no_turn_begins) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = chat("one", {{"add_generation_prompt", false}});
  EXPECT_EQ(client.post(path, body).parsed()["choices"][0]["message"]["role"], "user");
  body["stream"] = true;
  const auto events = events_of(client.post(path, body).body);
  EXPECT_EQ(events.front()["choices"][0]["delta"]["role"], "user");
}

TEST(api_chat, takes_max_completion_tokens_and_fills_the_context_by_default) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = chat("Hi", {{"max_completion_tokens", 3}});
  EXPECT_EQ(client.post(path, body).parsed()["usage"]["completion_tokens"], 3);
  body.erase("max_completion_tokens");
  body.erase("max_tokens");
  EXPECT_EQ(client.post(path, body).parsed()["usage"]["total_tokens"], 1024);
}

TEST(api_chat, without_a_template_says_so) {
  test::rig_options options;
  options.has_template = false;
  fake_rig r{options};
  blocking_client client{r.rig.port()};
  const auto answer = client.post(path, chat("Hi"));
  EXPECT_EQ(answer.status, 400U);
  EXPECT_NE(answer.body.find("no chat template"), std::string::npos) << answer.body;
}

TEST(api_chat, echoes_the_request_id_and_names_the_answer_by_it) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  client.send("POST", path, chat("Hi").dump(), "X-Request-Id: abc-1\r\n");
  const auto answer = client.receive();
  EXPECT_EQ(answer.headers.at("x-request-id"), "abc-1");
  EXPECT_EQ(answer.parsed()["id"], "chatcmpl-abc-1");
  EXPECT_FALSE(client.post(path, chat("Hi")).headers.at("x-request-id").empty());
}

}  // namespace
}  // namespace troupe::engine
