#include "engine/embedded/serve/engine_service.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "tests/engine/embedded/serve/running_engine.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::json;
using test::running_engine;

constexpr const char* path = "/v1/completions";
constexpr std::uint64_t block_bytes = 4096;  // of the tiny model's KV

engine_options options_of(std::size_t step_tokens = 512, std::uint32_t threads = 1) {
  engine_options options;
  options.model_path = test::tiny_model_path();
  options.served_model = "tiny";
  options.threads = threads;
  options.kv_bytes = 4 * 1024 * 1024;
  options.limits.step_tokens_max = step_tokens;
  return options;
}

json ask(int which, double temperature) {
  std::vector<int> prompt(30 + which * 7);
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    // The first 30 tokens are common to all.
    prompt[i] = static_cast<int>(5 + i * 13 % 200) + (i < 30 ? 0 : which);
  }
  json body{{"prompt", prompt},   {"max_tokens", 24},   {"temperature", temperature},
            {"seed", 11 + which}, {"ignore_eos", true}, {"return_token_ids", true},
            {"top_p", 0.95},      {"logprobs", 2}};
  // Every second one is held to a form, as open as there can be one, or soon at its end.
  const json schema = which == 1 ? json{{"type", "array"}} : json{{"enum", {"one", "two", 3}}};
  if (which % 2 == 1) body["structured_outputs"]["json"] = schema;
  return body;
}

json tokens_of(const json& answer) {
  return answer["choices"][0]["token_ids"];
}

// All an engine answers to several prompts, asked at once or one by one.
std::vector<json> answers(running_engine& engine, double temperature, bool together) {
  std::vector<std::unique_ptr<blocking_client>> clients;
  std::vector<json> list;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<blocking_client>(engine.port()));
    clients.back()->send("POST", path, ask(i, temperature).dump());
    if (!together) list.push_back(clients.back()->receive().parsed()["choices"][0]);
  }
  for (auto& client : clients) {
    if (together) list.push_back(client->receive().parsed()["choices"][0]);
  }
  return list;
}

class engine_exactness : public testing::TestWithParam<double> {};

TEST_P(engine_exactness, alone_batched_cached_chunked_and_elsewhere_are_the_same_to_the_bit) {
  running_engine first{options_of()};
  const auto expected = answers(first, GetParam(), false);
  for (const auto& choice : expected) ASSERT_EQ(choice["token_ids"].size(), 24U);
  EXPECT_NE(expected[0]["token_ids"], expected[2]["token_ids"]);
  EXPECT_EQ(expected[1]["text"].get<std::string>().front(), '[');
  EXPECT_EQ(answers(first, GetParam(), true), expected) << "cached and batched";

  running_engine other{options_of()};
  EXPECT_EQ(answers(other, GetParam(), true), expected) << "batched, another engine";
  running_engine chunked{options_of(16)};
  EXPECT_EQ(answers(chunked, GetParam(), true), expected) << "chunks of 16 tokens";
  EXPECT_EQ(answers(chunked, GetParam(), false), expected) << "chunks of 16 tokens, cached";
  running_engine threaded{options_of(64, 2)};
  EXPECT_EQ(answers(threaded, GetParam(), true), expected) << "two threads";
}

TEST_P(engine_exactness, preemption_changes_nothing) {
  running_engine roomy{options_of()};
  const auto expected = answers(roomy, GetParam(), false);
  auto options = options_of();
  options.kv_bytes = 13 * block_bytes;  // 13 blocks: two requests fit, six do not
  options.limits.running_requests_max = 6;
  running_engine tight{options};
  EXPECT_EQ(tight.service().kv_blocks(), 13U);
  EXPECT_EQ(answers(tight, GetParam(), true), expected);
  blocking_client client{tight.port()};
  const auto metrics = client.get("/metrics").body;
  EXPECT_EQ(metrics.find("num_preemptions_total{engine=\"0\",model_name=\"tiny\"} 0\n"),
            std::string::npos)
      << "nothing was pre-empted";
}

TEST_P(engine_exactness, going_on_from_the_output_gives_the_same_rest) {
  running_engine engine{options_of()};
  blocking_client client{engine.port()};
  auto body = ask(2, GetParam());
  const auto whole = tokens_of(client.post(path, body).parsed());
  for (std::size_t i = 0; i < 9; ++i) body["prompt"].push_back(whole[i]);
  body["max_tokens"] = 15;
  running_engine other{options_of()};
  blocking_client survivor{other.port()};
  const auto rest = tokens_of(survivor.post(path, body).parsed());
  EXPECT_EQ(rest, json(std::vector<json>(whole.begin() + 9, whole.end())));
}

TEST_P(engine_exactness, an_output_prefix_goes_on_elsewhere_with_the_same_numbers) {
  running_engine engine{options_of()};
  blocking_client client{engine.port()};
  auto body = ask(1, GetParam());
  body.update({{"logprobs", 2},
               {"prompt_logprobs", 1},
               {"frequency_penalty", 0.5},
               {"repetition_penalty", 1.2}});
  const auto whole = client.post(path, body).parsed()["choices"][0];
  running_engine other{options_of(16, 2)};
  blocking_client survivor{other.port()};
  body["output_prefix"] =
      std::vector<json>(whole["token_ids"].begin(), whole["token_ids"].begin() + 9);
  const auto rest = survivor.post(path, body).parsed()["choices"][0];
  EXPECT_EQ(rest["prompt_logprobs"], whole["prompt_logprobs"]);
  for (const auto& [mine, all] :
       {std::pair{rest["token_ids"], whole["token_ids"]},
        std::pair{rest["logprobs"]["top_logprobs"], whole["logprobs"]["top_logprobs"]}}) {
    EXPECT_EQ(mine, json(std::vector<json>(all.begin() + 9, all.end())));
  }
}

TEST_P(engine_exactness, sleep_changes_nothing_but_the_cache) {
  running_engine engine{options_of()};
  blocking_client client{engine.port()};
  const auto before = client.post(path, ask(2, GetParam())).parsed();
  ASSERT_EQ(client.call("POST", "/sleep", "").status, 200U);
  ASSERT_EQ(client.call("POST", "/wake_up", "").status, 200U);
  const auto after = client.post(path, ask(2, GetParam())).parsed();
  EXPECT_EQ(tokens_of(after), tokens_of(before));
  EXPECT_EQ(after["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

INSTANTIATE_TEST_SUITE_P(temperature, engine_exactness, testing::Values(0.0, 1.0));

TEST(engine_service, tells_the_cached_tokens_of_a_second_turn) {
  running_engine engine{options_of()};
  blocking_client client{engine.port()};
  json messages = json::array({{{"role", "user"}, {"content", std::string(300, 'a')}}});
  json body{{"messages", messages}, {"max_tokens", 10}, {"temperature", 0}};
  const auto first = client.post("/v1/chat/completions", body).parsed();
  messages.push_back(first["choices"][0]["message"]);
  messages.push_back({{"role", "user"}, {"content", "go on"}});
  body["messages"] = messages;
  const auto second = client.post("/v1/chat/completions", body).parsed();
  EXPECT_GE(second["usage"]["prompt_tokens_details"]["cached_tokens"].get<int>(),
            first["usage"]["prompt_tokens"].get<int>() / 16 * 16 - 16);
}

TEST(engine_service, drains_what_runs_and_takes_no_more) {
  running_engine engine{options_of()};
  blocking_client client{engine.port()};
  auto body = ask(0, 0);
  body["stream"] = true;
  body["max_tokens"] = 60;
  client.send("POST", path, body.dump());
  client.receive_head();
  boost::asio::post(engine.context(), [&] { engine.service().drain([] {}); });
  std::string stream;
  for (auto chunk = client.next_chunk(); !chunk.empty(); chunk = client.next_chunk()) {
    stream += chunk;
  }
  EXPECT_EQ(test::events_of(stream).back(), "[DONE]");
}

std::string refusal_of(engine_options options) {
  boost::asio::io_context context;
  const auto made = engine_service::make(context, options);
  return made ? "" : failure_text(made.error());
}

TEST(engine_service, refuses_options_it_cannot_meet) {
  auto options = options_of();
  options.model_path = "/nonexistent.gguf";
  EXPECT_NE(refusal_of(options).find("/nonexistent.gguf"), std::string::npos);
  options = options_of();
  options.kv_bytes = 1;
  EXPECT_NE(refusal_of(options).find("kv_bytes: 1 holds not one KV block"), std::string::npos);
  options = options_of();
  options.context_tokens_max = 1'000'000;
  EXPECT_NE(refusal_of(options).find("exceeds the model's 4096"), std::string::npos);
  options = options_of();
  options.kv_bytes = 10 * block_bytes;
  options.context_tokens_max = 200;
  EXPECT_NE(refusal_of(options).find("which holds 160"), std::string::npos);
  options = options_of();
  options.threads = 0;
  EXPECT_NE(refusal_of(options).find("threads"), std::string::npos);
  options = options_of();
  options.limits.step_tokens_max = 0;
  EXPECT_NE(refusal_of(options).find("step_tokens_max"), std::string::npos);
}

TEST(engine_service, refuses_a_file_that_is_no_model) {
  auto options = options_of();
  options.model_path = testing::TempDir() + "broken-" + std::to_string(::getpid()) + ".gguf";
  std::ofstream{options.model_path} << "GGUF and then nothing";
  EXPECT_NE(refusal_of(options).find(options.model_path), std::string::npos);
}

TEST(engine_service, cuts_the_context_to_what_the_memory_holds) {
  auto options = options_of();
  options.kv_bytes = 10 * block_bytes;
  boost::asio::io_context context;
  const auto made = engine_service::make(context, options);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->context_tokens_max(), 160U);
}

}  // namespace
}  // namespace troupe::engine
