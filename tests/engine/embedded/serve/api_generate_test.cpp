// Token-in, token-out generation, rendering, and the switches of the engine.
#include <gtest/gtest.h>

#include "runtime/version.hpp"
#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::events_of;
using test::fake_rig;
using test::json;

constexpr const char* path = "/inference/v1/generate";

TEST(api_generate, takes_tokens_and_gives_tokens) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json params{{"max_tokens", 9}, {"seed", 4}, {"ignore_eos", true}, {"logprobs", 1}};
  json body{{"token_ids", {5, 6, 7}}, {"sampling_params", params}, {"request_id", "abc"}};
  const auto answer = client.post(path, body);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto got = answer.parsed();
  EXPECT_EQ(got["request_id"], "generate-tokens-abc");
  EXPECT_EQ(got["output_mode"], "tokens");
  const auto& choice = got["choices"][0];
  EXPECT_EQ(choice["token_ids"].size(), 9U);
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_EQ(choice["logprobs"]["content"].size(), 9U);
  EXPECT_TRUE(got.contains("prompt_logprobs") && got["prompt_logprobs"].is_null());
  EXPECT_EQ(got["usage"]["prompt_tokens"], 3);

  json same = params;
  same.update({{"prompt", {5, 6, 7}}, {"return_token_ids", true}});
  EXPECT_EQ(client.post("/v1/completions", same).parsed()["choices"][0]["token_ids"],
            choice["token_ids"]);
  body["stream"] = true;
  json streamed = json::array();
  const auto events = events_of(client.post(path, body).body);
  for (const auto& event : events) {
    if (!event.is_object()) continue;
    EXPECT_EQ(event["request_id"], "generate-tokens-abc");
    EXPECT_EQ(event["output_mode"], "tokens");
    for (const auto& token : event["choices"][0]["token_ids"]) streamed.push_back(token);
  }
  EXPECT_EQ(streamed, choice["token_ids"]);
  EXPECT_EQ(events.back(), "[DONE]");
  body["stream"] = false;
  body["output_prefix"] = {streamed[0], streamed[1]};
  const auto rest = client.post(path, body).parsed()["choices"][0]["token_ids"];
  EXPECT_EQ(rest, json(std::vector<json>(streamed.begin() + 2, streamed.end())));
}

TEST(api_generate, knows_tokens_by_their_ids_alone) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json params{{"max_tokens", 1}, {"seed", 4}, {"ignore_eos", true}, {"logprobs", 1}};
  const auto got =
      client.post(path, {{"token_ids", {5, 6, 7}}, {"sampling_params", params}}).parsed();
  const auto& choice = got["choices"][0];
  const auto& told = choice["logprobs"]["content"][0];
  EXPECT_EQ(told["token_id"], choice["token_ids"][0]);
  EXPECT_GE(told["rank"], 1);
  EXPECT_EQ(told["top_logprobs"][0]["rank"], 1);
  EXPECT_FALSE(told.contains("token") || told.contains("bytes"));
  EXPECT_TRUE(choice.contains("stop_reason") && choice["stop_reason"].is_null());
}

TEST(api_generate, names_the_parameter_at_fault) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto param_of = [&](const json& body) {
    const auto answer = client.post(path, body);
    EXPECT_EQ(answer.status, 400U) << body;
    return answer.parsed()["error"]["param"].get<std::string>();
  };
  EXPECT_EQ(param_of({{"sampling_params", json::object()}}), "token_ids");
  EXPECT_EQ(param_of({{"token_ids", json::array()}}), "token_ids");
  EXPECT_EQ(param_of({{"token_ids", {1}}, {"sampling_params", 5}}), "sampling_params");
  EXPECT_EQ(param_of({{"token_ids", {1}}, {"sampling_params", {{"top_p", 3}}}}),
            "sampling_params.top_p");
  EXPECT_EQ(param_of({{"token_ids", {1}}, {"sampling_params", {{"structured_outputs", {1}}}}}),
            "sampling_params.structured_outputs");
  EXPECT_EQ(param_of({{"token_ids", {1}}, {"features", {1}}}), "features");
  EXPECT_EQ(param_of({{"token_ids", {1}}, {"output_mode", "text"}}), "output_mode");
}

TEST(api_render, shows_what_would_be_generated_from_and_can_be_sent_on) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  json body{{"messages", json::array({{{"role", "user"}, {"content", "Hi"}}})},
            {"seed", 8},
            {"temperature", 0.7},
            {"max_tokens", 5},
            {"stop", "zzz"},
            {"logit_bias", {{"7", -3}}},
            {"cache_salt", "s"},
            {"priority", -4}};
  const auto rendered = client.post("/v1/chat/completions/render", body).parsed();
  EXPECT_NE(rendered["prompt"].get<std::string>().find("Hi"), std::string::npos);
  EXPECT_EQ(rendered["cache_salt"], "s");
  EXPECT_EQ(rendered["priority"], -4);
  EXPECT_EQ(rendered["sampling_params"]["logit_bias"]["7"], -3.0);
  body["return_token_ids"] = true;
  const auto direct = client.post("/v1/chat/completions", body).parsed();
  EXPECT_EQ(direct["prompt_token_ids"], rendered["token_ids"]);
  EXPECT_EQ(client.post(path, rendered).parsed()["choices"][0]["token_ids"],
            direct["choices"][0]["token_ids"]);

  const auto list =
      client.post("/v1/completions/render", {{"prompt", {"One", "Two"}}, {"seed", 1}}).parsed();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1]["prompt"], "Two");
  EXPECT_EQ(list[1]["sampling_params"]["max_tokens"], 16);
  EXPECT_EQ(client.post("/v1/completions/render", {{"prompt", ""}}).status, 400U);
}

TEST(api_render, tools_keep_the_order_of_their_keys) {
  test::rig_options options;
  options.chat_template = "{% for t in tools %}{{ t | tojson }}{% endfor %}";
  fake_rig r{options};
  blocking_client client{r.rig.port()};
  const std::string tool = R"({"type": "function", "function": {"name": "z", "description": "d", )"
                           R"("parameters": {"type": "object", "b": 1, "a": 2}}})";
  const auto answer =
      client.call("POST", "/v1/chat/completions/render",
                  R"({"messages": [{"role": "user", "content": "Hi"}], "tools": [)" + tool + "]}");
  EXPECT_EQ(answer.parsed()["prompt"], tool) << answer.body;
}

TEST(api_control, asleep_it_answers_503_until_woken_up) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json body{{"prompt", std::string(64, 'a')}, {"max_tokens", 2}, {"temperature", 0}};
  ASSERT_EQ(client.post("/v1/completions", body).status, 200U);
  EXPECT_EQ(client.get("/is_sleeping").parsed()["is_sleeping"], false);
  ASSERT_EQ(client.call("POST", "/sleep?level=1&mode=abort", "").status, 200U);
  EXPECT_EQ(client.get("/is_sleeping").parsed()["is_sleeping"], true);
  const auto refused = client.post("/v1/completions", body);
  EXPECT_EQ(refused.status, 503U);
  EXPECT_NE(refused.body.find("/wake_up"), std::string::npos);
  EXPECT_EQ(client.get("/health").status, 200U);
  ASSERT_EQ(client.call("POST", "/wake_up?tags=weights", "").status, 200U);
  EXPECT_EQ(client.get("/is_sleeping").parsed()["is_sleeping"], true);
  ASSERT_EQ(client.call("POST", "/wake_up", "").status, 200U);
  const auto woken = client.post("/v1/completions", body).parsed();
  EXPECT_EQ(woken["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

TEST(api_control, sleep_ends_what_runs) {
  test::rig_options options;
  test::gated_executor executor{options.kv_blocks, fake_rig::vocab_of_tiny()};
  test::api_rig rig{executor, options};
  blocking_client waiting{rig.port()}, client{rig.port()};
  waiting.send("POST", "/v1/completions", R"({"prompt": "a", "max_tokens": 900, "n": 2})");
  executor.await_entered(1);
  ASSERT_EQ(client.call("POST", "/sleep", "").status, 200U);
  EXPECT_EQ(waiting.receive().status, 503U);
  EXPECT_EQ(client.get("/load").parsed()["server_load"], 0);
  executor.open();
}

TEST(api_control, refuses_what_it_cannot_switch) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (const auto* target : {"/sleep?level=2", "/sleep?mode=wait", "/wake_up?tags=lora"}) {
    EXPECT_EQ(client.call("POST", target, "").status, 400U) << target;
  }
  EXPECT_EQ(client.get("/is_sleeping").parsed()["is_sleeping"], false);
  EXPECT_EQ(client.get("/sleep").status, 405U);
}

TEST(api_control, the_prefix_cache_can_be_dropped) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json body{{"prompt", std::string(64, 'a')}, {"max_tokens", 1}};
  const auto cached = [&] {
    return client.post("/v1/completions", body)
        .parsed()["usage"]["prompt_tokens_details"]["cached_tokens"]
        .get<int>();
  };
  EXPECT_EQ(cached(), 0);
  EXPECT_GT(cached(), 0);
  ASSERT_EQ(client.call("POST", "/reset_prefix_cache", "").status, 200U);
  EXPECT_EQ(cached(), 0);
}

TEST(api_control, tells_the_version_of_this_build) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  EXPECT_EQ(client.get("/version").parsed()["version"], version());
}

}  // namespace
}  // namespace troupe::engine
