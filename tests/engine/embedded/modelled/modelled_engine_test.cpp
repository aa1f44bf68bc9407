#include "engine/embedded/serve/modelled_engine.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/engine/embedded/serve/running_engine.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::json;
using test::running_engine;

std::string write_profile(const std::string& name, const std::string& step_us,
                          const std::string& more = "") {
  const auto path = testing::TempDir() + name + "-" + std::to_string(::getpid()) + ".yaml";
  std::ofstream{path} << "name: " << name << "\nstep_us: " << step_us
                      << "\nprefill_token_us: 0\nprefill_context_ns: 0\nkv_token_us: 0\n"
                         "kv_tokens: 4096\ncontext_tokens: 1024\n"
                      << more;
  return path;
}

engine_options modelled_options(const std::string& step_us = "1") {
  engine_options options;
  options.model_time = write_profile("quick", step_us);
  return options;
}

std::string refusal(const engine_options& options) {
  const auto opened = open_modelled_engine(options);
  return opened ? "none" : failure_text(opened.error());
}

json completion(const json& more = {}) {
  json body{{"prompt", "Which river is the longest?"},
            {"max_tokens", 12},
            {"temperature", 0},
            {"return_token_ids", true}};
  if (!more.is_null()) body.update(more);
  return body;
}

json answer_of(blocking_client& client, const json& body) {
  const auto reply = client.post("/v1/completions", body);
  EXPECT_EQ(reply.status, 200U) << reply.body;
  return reply.parsed();
}

TEST(modelled_engine, takes_its_bounds_from_profile_and_options) {
  auto options = modelled_options();
  const auto plain = open_modelled_engine(options);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->kv_blocks, 256U);
  EXPECT_EQ(plain->context_tokens_max, 1024U);
  EXPECT_EQ(plain->text.name, "quick");
  options.kv_tokens = 100;
  options.served_model = "mine";
  const auto small = open_modelled_engine(options);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->kv_blocks, 6U);
  EXPECT_EQ(small->context_tokens_max, 96U);
  EXPECT_EQ(small->text.name, "mine");
  options.context_tokens_max = 50;
  EXPECT_EQ(open_modelled_engine(options)->context_tokens_max, 50U);
}

TEST(modelled_engine, refuses_bounds_that_do_not_fit) {
  auto options = modelled_options();
  options.kv_tokens = 15;
  EXPECT_EQ(refusal(options), "kv_tokens: 15 holds not one KV block of 16 tokens");
  options.kv_tokens = 32;
  options.context_tokens_max = 33;
  EXPECT_EQ(refusal(options), "context_tokens_max: 33 exceeds kv_tokens, which holds 32");
  options.kv_tokens = 0;
  options.context_tokens_max = 1025;
  EXPECT_EQ(refusal(options), "context_tokens_max: 1025 exceeds the profile's 1024");
}

TEST(modelled_engine, refuses_files_it_cannot_read) {
  engine_options options;
  options.model_time = "/no/profile.yaml";
  EXPECT_EQ(refusal(options), "/no/profile.yaml: cannot be read");
  options = modelled_options("slow");
  EXPECT_NE(refusal(options).find("step_us is 'slow'"), std::string::npos);
  options = modelled_options();
  options.model_path = "/no/model.gguf";
  EXPECT_NE(refusal(options).find("/no/model.gguf"), std::string::npos);
}

TEST(modelled_engine, says_that_it_is_modelled) {
  running_engine engine{modelled_options()};
  blocking_client client{engine.port()};
  const auto card = client.get("/v1/models").parsed()["data"][0];
  EXPECT_EQ(card["id"], "quick");
  EXPECT_EQ(card["modelled"], "quick");
  EXPECT_EQ(card["max_model_len"], 1024);
  const auto metrics = client.get("/metrics").body;
  EXPECT_NE(metrics.find("troupe_engine_modelled_info{"), std::string::npos);
  EXPECT_NE(metrics.find("profile=\"quick\""), std::string::npos);
}

TEST(modelled_engine, a_real_engine_does_not_say_so) {
  engine_options options;
  options.model_path = test::tiny_model_path();
  options.kv_bytes = 4 * 1024 * 1024;
  running_engine engine{options};
  blocking_client client{engine.port()};
  EXPECT_FALSE(client.get("/v1/models").parsed()["data"][0].contains("modelled"));
  EXPECT_EQ(client.get("/metrics").body.find("troupe_engine_modelled_info"), std::string::npos);
}

TEST(modelled_engine, two_engines_give_one_answer_and_any_cut_continues_it) {
  running_engine one{modelled_options()}, two{modelled_options("50")};
  blocking_client first{one.port()}, second{two.port()};
  const auto answer = answer_of(first, completion());
  const auto& choice = answer["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_EQ(choice["token_ids"].size(), 12U);
  EXPECT_EQ(answer_of(second, completion())["choices"][0]["text"], choice["text"]);
  auto prompt = choice["prompt_token_ids"];
  for (int i = 0; i < 5; ++i) prompt.push_back(choice["token_ids"][i]);
  const auto rest = answer_of(second, completion({{"prompt", prompt}, {"max_tokens", 7}}));
  const json expected(choice["token_ids"].begin() + 5, choice["token_ids"].end());
  EXPECT_EQ(rest["choices"][0]["token_ids"], expected);
}

TEST(modelled_engine, answers_in_plain_text) {
  running_engine engine{modelled_options()};
  blocking_client client{engine.port()};
  const std::string text = answer_of(
      client, completion({{"max_tokens", 500}, {"temperature", 1}}))["choices"][0]["text"];
  EXPECT_GE(text.size(), 500U);
  for (const char c : text) EXPECT_TRUE(c >= ' ' && c <= '~');
}

TEST(modelled_engine, chats_streams_and_counts_what_the_cache_had) {
  running_engine engine{modelled_options()};
  blocking_client client{engine.port()};
  const json body{{"messages", {{{"role", "user"}, {"content", std::string(300, 'x')}}}},
                  {"max_tokens", 5},
                  {"stream", true},
                  {"stream_options", {{"include_usage", true}}}};
  std::vector<json> events;
  for (int turn = 0; turn < 2; ++turn) {
    client.send("POST", "/v1/chat/completions", body.dump());
    events = test::events_of(client.receive().body);
  }
  EXPECT_EQ(events.back(), "[DONE]");
  const auto& usage = events.at(events.size() - 2)["usage"];
  EXPECT_EQ(usage["completion_tokens"], 5);
  EXPECT_GT(usage["prompt_tokens_details"]["cached_tokens"], 0);
}

// Masks and tool calls need a text side and rows of logits, and a modelled engine has both.
TEST(modelled_engine, keeps_to_a_form_and_calls_tools) {
  running_engine engine{modelled_options()};
  blocking_client client{engine.port()};
  const json schema{{"type", "array"}, {"items", {{"enum", {"a", 7}}}}, {"maxItems", 3}};
  for (const double temperature : {0.0, 1.0}) {
    const auto choice = answer_of(client, completion({{"structured_outputs", {{"json", schema}}},
                                                      {"temperature", temperature},
                                                      {"max_tokens", 200}}))["choices"][0];
    EXPECT_EQ(choice["finish_reason"], "stop");
    const auto list = json::parse(choice["text"].get<std::string>());
    ASSERT_TRUE(list.is_array() && list.size() <= 3) << list;
    for (const auto& item : list) EXPECT_TRUE(item == "a" || item == 7) << list;
  }
  const json parameters{{"type", "object"},
                        {"properties", {{"x", {{"type", "boolean"}}}}},
                        {"required", {"x"}},
                        {"additionalProperties", false}};
  json body{{"messages", {{{"role", "user"}, {"content", "Go"}}}}, {"max_tokens", 200}};
  body["tools"] = {
      {{"type", "function"}, {"function", {{"name", "f"}, {"parameters", parameters}}}}};
  body["tool_choice"] = "required";
  body["parallel_tool_calls"] = false;
  const auto message = client.post("/v1/chat/completions", body).parsed()["choices"][0]["message"];
  const auto arguments = message["tool_calls"][0]["function"]["arguments"].get<std::string>();
  EXPECT_TRUE(json::parse(arguments)["x"].is_boolean()) << arguments;
}

TEST(modelled_engine, a_model_file_lends_its_tokenizer) {
  auto options = modelled_options();
  options.model_path = test::tiny_model_path();
  running_engine engine{options};
  EXPECT_EQ(engine.service().model_name(),
            std::filesystem::path{test::tiny_model_path()}.stem().string());
  blocking_client client{engine.port()};
  running_engine built_in{modelled_options()};
  blocking_client other{built_in.port()};
  EXPECT_EQ(answer_of(client, completion())["choices"][0]["prompt_token_ids"],
            answer_of(other, completion())["choices"][0]["prompt_token_ids"]);
}

TEST(modelled_engine, ends_within_a_step_that_would_take_minutes) {
  running_engine engine{modelled_options("600000000")};
  blocking_client client{engine.port()};
  client.send("POST", "/v1/completions", completion().dump());
  blocking_client other{engine.port()};
  while (other.get("/load").parsed()["server_load"] == 0) {
  }
}

}  // namespace
}  // namespace troupe::engine
