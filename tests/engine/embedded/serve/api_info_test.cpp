#include <tuple>

#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::fake_rig;
using test::json;

TEST(api_info, lists_the_model_with_its_context) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto body = client.get("/v1/models").parsed();
  EXPECT_EQ(body["object"], "list");
  ASSERT_EQ(body["data"].size(), 1U);
  const auto& card = body["data"][0];
  EXPECT_EQ(card["id"], "tiny");
  EXPECT_EQ(card["object"], "model");
  EXPECT_EQ(card["max_model_len"], 1024);
  EXPECT_TRUE(card["created"].is_number_integer());
  EXPECT_EQ(card["permission"].size(), 1U);
}

TEST(api_info, is_healthy_and_tells_version_and_load) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (const auto* path : {"/health", "/ping"}) {
    const auto answer = client.get(path);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_TRUE(answer.body.empty());
    EXPECT_FALSE(answer.headers.contains("content-type"));
  }
  EXPECT_TRUE(client.get("/version").parsed()["version"].is_string());
  EXPECT_EQ(client.get("/load").parsed(), (json{{"server_load", 0}}));
}

TEST(api_info, tokenizes_and_detokenizes) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const std::string text = "Grüße, 世界! <|im_end|> 🙂";
  const auto tokens =
      client.post("/tokenize", {{"prompt", text}, {"return_token_strs", true}}).parsed();
  EXPECT_EQ(tokens["count"], tokens["tokens"].size());
  EXPECT_EQ(tokens["token_strs"].size(), tokens["tokens"].size());
  const auto back = client.post("/detokenize", {{"tokens", tokens["tokens"]}});
  EXPECT_EQ(back.parsed()["prompt"], text);
  EXPECT_EQ(client.post("/tokenize", json::object()).status, 400U);
  EXPECT_EQ(client.post("/tokenize", {{"prompt", 5}}).status, 400U);
  EXPECT_EQ(client.post("/detokenize", {{"tokens", {1 << 30}}}).status, 400U);
  EXPECT_EQ(client.post("/detokenize", json::object()).status, 400U);
  EXPECT_EQ(client.post("/tokenize", {{"prompt", "a"}, {"model", "other"}}).status, 404U);
}

bool has_line(const std::string& metrics, const std::string& line) {
  return metrics.find("\n" + line + "\n") != std::string::npos;
}

TEST(engine_metrics, speak_the_language_of_vllm) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json body{{"prompt", std::vector<int>(40, 5)}, {"max_tokens", 5}, {"ignore_eos", true}};
  for (int i = 0; i < 2; ++i) ASSERT_EQ(client.post("/v1/completions", body).status, 200U);
  const auto answer = client.get("/metrics");
  EXPECT_EQ(answer.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const auto& text = answer.body;
  const std::string labels = R"({engine="0",model_name="tiny"} )";
  const std::pair<const char*, const char*> expected[] = {
      {"vllm:num_requests_running", "0"},
      {"vllm:num_requests_waiting", "0"},
      {"vllm:kv_cache_usage_perc", "0"},
      {"vllm:prefix_cache_queries_total", "80"},
      {"vllm:prefix_cache_hits_total", "32"},
      {"vllm:num_preemptions_total", "0"},
      {"vllm:prompt_tokens_total", "80"},
      {"vllm:prompt_tokens_cached_total", "32"},
      {"vllm:generation_tokens_total", "10"},
      {"vllm:time_to_first_token_seconds_count", "2"},
      {"vllm:inter_token_latency_seconds_count", "8"},
      {"vllm:e2e_request_latency_seconds_count", "2"},
      {"vllm:request_queue_time_seconds_count", "2"},
      {"vllm:request_prefill_time_seconds_count", "2"},
      {"vllm:request_decode_time_seconds_count", "2"},
      {"vllm:request_inference_time_seconds_count", "2"},
      {"vllm:request_prompt_tokens_sum", "80"},
      {"vllm:request_generation_tokens_sum", "10"},
  };
  for (const auto& [name, value] : expected) {
    EXPECT_TRUE(has_line(text, name + labels + value)) << name << "\n" << text;
  }
  EXPECT_NE(text.find(R"(finished_reason="length",model_name="tiny"} 2)"), std::string::npos);
  EXPECT_NE(text.find(R"(num_gpu_blocks="256")"), std::string::npos);
  EXPECT_NE(text.find(R"(block_size="16")"), std::string::npos);
  EXPECT_NE(text.find(R"(le="2560")"), std::string::npos);
}

TEST(engine_metrics, tell_what_was_asked_and_where_prompts_came_from) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json body{{"prompt", std::vector<int>(40, 5)}, {"max_tokens", 5}, {"ignore_eos", true}};
  for (int i = 0; i < 2; ++i) ASSERT_EQ(client.post("/v1/completions", body).status, 200U);
  const auto text = client.get("/metrics").body;
  const std::pair<const char*, const char*> expected[] = {
      {"vllm:request_prefill_kv_computed_tokens_sum", "48"},
      {"vllm:request_time_per_output_token_seconds_count", "2"},
      {"vllm:iteration_tokens_total_count", "10"},
      {"vllm:iteration_tokens_total_sum", "56"},  // 48 of the prompts, 4 fed back of each answer
      {"vllm:request_params_n_sum", "2"},
      {"vllm:request_params_max_tokens_sum", "10"},
      {"vllm:request_max_num_generation_tokens_sum", "10"},
  };
  for (const auto& [name, value] : expected) {
    const auto line = name + std::string{R"({engine="0",model_name="tiny"} )"} + value;
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
  const std::tuple<const char*, const char*, const char*> by_label[] = {
      {"vllm:prompt_tokens_by_source_total", "source=\"local_compute\"", "48"},
      {"vllm:prompt_tokens_by_source_total", "source=\"local_cache_hit\"", "32"},
      {"vllm:prompt_tokens_cached_by_source_total", "source=\"device\"", "32"},
      {"vllm:num_requests_waiting_by_reason", "reason=\"capacity\"", "0"},
  };
  for (const auto& [name, label, value] : by_label) {
    const auto line =
        name + (R"({engine="0",model_name="tiny",)" + std::string{label}) + "} " + value;
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
}

TEST(engine_metrics, count_a_request_of_many_choices_once) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json body{
      {"prompt", json{"One", "Two"}}, {"n", 3}, {"max_tokens", 4}, {"ignore_eos", true}};
  ASSERT_EQ(client.post("/v1/completions", body).status, 200U);
  const auto text = client.get("/metrics").body;
  const std::string labels = R"({engine="0",model_name="tiny"} )";
  for (const auto* line :
       {"vllm:request_params_n_count 2", "vllm:request_params_n_sum 6",
        "vllm:request_params_max_tokens_count 6", "vllm:request_max_num_generation_tokens_sum 8"}) {
    const std::string name{line, std::string_view{line}.find(' ')};
    EXPECT_TRUE(has_line(text, name + labels + (line + name.size() + 1))) << line << "\n" << text;
  }
}

TEST(engine_metrics, tell_whether_the_engine_sleeps) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto state = [&](const std::string& name) {
    const auto text = client.get("/metrics").body;
    const auto line =
        R"(vllm:engine_sleep_state{engine="0",model_name="tiny",sleep_state=")" + name + "\"} ";
    return text.at(text.find(line) + line.size());
  };
  EXPECT_EQ(state("awake"), '1');
  EXPECT_EQ(state("weights_offloaded"), '0');
  EXPECT_EQ(client.post("/sleep", json::object()).status, 200U);
  EXPECT_EQ(state("awake"), '0');
  EXPECT_EQ(state("weights_offloaded"), '1');
  EXPECT_EQ(state("discard_all"), '0');
}

}  // namespace
}  // namespace troupe::engine
