// Request fields and what they do to the answer.
#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::events_of;
using test::fake_rig;
using test::json;

constexpr const char* path = "/v1/completions";
constexpr const char* chat_path = "/v1/chat/completions";

json complete(json more) {
  json body{{"prompt", "Once upon a time there was"},
            {"seed", 3},
            {"ignore_eos", true},
            {"return_token_ids", true},
            {"max_tokens", 12}};
  body.update(more);
  return body;
}

json chat(json more) {
  json body{{"messages", json::array({{{"role", "user"}, {"content", "Hi"}}})},
            {"seed", 3},
            {"ignore_eos", true},
            {"max_tokens", 6}};
  body.update(more);
  return body;
}

json choice_of(blocking_client& client, const char* where, const json& body) {
  const auto answer = client.post(where, body);
  EXPECT_EQ(answer.status, 200U) << answer.body;
  return answer.parsed()["choices"][0];
}

TEST(api_fields, completions_tell_log_probabilities_in_parallel_lists) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto choice = choice_of(client, path, complete({{"logprobs", 3}}));
  const auto& told = choice["logprobs"];
  std::string text;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(told["text_offset"][i], offset);
    const auto& top = told["top_logprobs"][i];
    const auto name = told["tokens"][i].get<std::string>();
    EXPECT_EQ(top.at(name), told["token_logprobs"][i]);
    EXPECT_LE(told["token_logprobs"][i].get<double>(), 0.0);
    EXPECT_LE(top.size(), 4U);
    for (const char c : name) offset += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  }
  EXPECT_EQ(told["tokens"].size(), 12U);
  const auto by_id =
      choice_of(client, path, complete({{"logprobs", 0}, {"return_tokens_as_token_ids", true}}));
  EXPECT_EQ(by_id["logprobs"]["tokens"][0], "token_id:" + choice["token_ids"][0].dump());
  EXPECT_EQ(by_id["logprobs"]["top_logprobs"][0].size(), 1U);
  EXPECT_EQ(by_id["logprobs"]["token_logprobs"], told["token_logprobs"]);
}

TEST(api_fields, chat_tells_log_probabilities_by_token_whole_and_streamed) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = chat({{"logprobs", true}, {"top_logprobs", 2}});
  const auto content = choice_of(client, chat_path, body)["logprobs"]["content"];
  ASSERT_EQ(content.size(), 6U);
  for (const auto& entry : content) {
    ASSERT_EQ(entry["top_logprobs"].size(), 2U);
    EXPECT_GE(entry["top_logprobs"][0]["logprob"], entry["top_logprobs"][1]["logprob"]);
    EXPECT_LE(entry["logprob"], entry["top_logprobs"][0]["logprob"]);
    EXPECT_TRUE(entry["bytes"].is_array());
  }
  body["stream"] = true;
  json streamed = json::array();
  for (const auto& event : events_of(client.post(chat_path, body).body)) {
    if (!event.is_object() || event["choices"][0]["logprobs"].is_null()) continue;
    for (const auto& e : event["choices"][0]["logprobs"]["content"]) streamed.push_back(e);
  }
  EXPECT_EQ(streamed, content);
  const auto bare = choice_of(client, chat_path, chat({{"logprobs", true}}));
  EXPECT_EQ(bare["logprobs"]["content"][0]["top_logprobs"], json::array());
  EXPECT_EQ(bare["logprobs"]["content"][0]["logprob"], content[0]["logprob"]);
  EXPECT_EQ(client.post(chat_path, chat({{"top_logprobs", 2}})).status, 400U);
}

TEST(api_fields, prompt_logprobs_tell_of_each_prompt_token_but_the_first) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto body = complete({{"prompt_logprobs", 1}});
  const auto choice = choice_of(client, path, body);
  const auto& told = choice["prompt_logprobs"];
  const auto& ids = choice["prompt_token_ids"];
  ASSERT_EQ(told.size(), ids.size());
  EXPECT_TRUE(told[0].is_null());
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const auto& entry = told[i].at(ids[i].dump());
    EXPECT_GE(entry["rank"], 1);
    EXPECT_TRUE(entry["decoded_token"].is_string());
    EXPECT_LE(entry["logprob"].get<double>(), 0.0);
  }
  EXPECT_EQ(choice_of(client, path, body)["prompt_logprobs"], told) << "with a warm cache";
  const auto answer = client.post(chat_path, chat({{"prompt_logprobs", 0}})).parsed();
  EXPECT_TRUE(answer["prompt_logprobs"].is_array());
}

TEST(api_fields, echo_puts_the_prompt_s_log_probabilities_first) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto body = complete({{"echo", true}, {"logprobs", 1}});
  const auto choice = choice_of(client, path, body);
  const auto prompt = choice["prompt_token_ids"].size();
  const auto& told = choice["logprobs"];
  ASSERT_EQ(told["tokens"].size(), prompt + 12);
  EXPECT_TRUE(told["token_logprobs"][0].is_null());
  EXPECT_TRUE(told["top_logprobs"][0].is_null());
  EXPECT_EQ(told["text_offset"][0], 0);
  EXPECT_TRUE(choice["prompt_logprobs"].is_null()) << "nobody asked for them";
  const auto plain = choice_of(client, path, complete({{"logprobs", 1}}));
  EXPECT_EQ(told["token_logprobs"][prompt], plain["logprobs"]["token_logprobs"][0]);

  auto only = body;
  only["max_tokens"] = 0;
  const auto answer = client.post(path, only).parsed();
  EXPECT_EQ(answer["choices"][0]["text"], only["prompt"]);
  EXPECT_EQ(answer["choices"][0]["logprobs"]["tokens"].size(), prompt);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 0);

  auto streamed = body;
  streamed["stream"] = true;
  json values = json::array();
  for (const auto& event : events_of(client.post(path, streamed).body)) {
    if (!event.is_object()) continue;
    for (const auto& v : event["choices"][0]["logprobs"]["token_logprobs"]) values.push_back(v);
  }
  EXPECT_EQ(values, told["token_logprobs"]);
}

TEST(api_fields, n_choices_are_those_of_the_seeds_that_follow) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  json prompts{"Once upon a time there was a king in a castle", "Two"};
  const auto answer = client.post(path, complete({{"n", 3}, {"prompt", prompts}})).parsed();
  ASSERT_EQ(answer["choices"].size(), 6U);
  int prompt_tokens = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto alone =
        client.post(path, complete({{"prompt", prompts[i / 3]}, {"seed", 3 + i % 3}})).parsed();
    EXPECT_EQ(answer["choices"][i]["index"], i);
    EXPECT_EQ(answer["choices"][i]["token_ids"], alone["choices"][0]["token_ids"]) << i;
    if (i % 3 == 0) prompt_tokens += alone["usage"]["prompt_tokens"].get<int>();
  }
  EXPECT_NE(answer["choices"][0]["token_ids"], answer["choices"][1]["token_ids"]);
  EXPECT_EQ(answer["usage"]["prompt_tokens"], prompt_tokens);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 72);
  EXPECT_EQ(client.post(chat_path, chat({{"n", 2}})).parsed()["choices"].size(), 2U);
}

TEST(api_fields, biases_and_bad_words_keep_tokens_away_or_bring_them) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto forced = choice_of(client, path, complete({{"logit_bias", {{"77", 1000}}}}));
  EXPECT_EQ(forced["token_ids"], json(std::vector<int>(12, 77))) << "cut to 100, still enough";
  const auto word = r.rig.model().text->bytes(forced["token_ids"][0].get<int>());
  const auto spared = choice_of(
      client, path, complete({{"logit_bias", {{"77", 100}}}, {"bad_words", {std::string{word}}}}));
  for (const auto& token : spared["token_ids"]) EXPECT_NE(token, 77);
}

TEST(api_fields, a_frequent_token_gives_way) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json pushed{{"77", 9.5}};
  json body = complete({{"logit_bias", pushed}, {"temperature", 0}});
  const auto count = [](const json& choice) {
    int found = 0;
    for (const auto& token : choice["token_ids"]) found += token == 77 ? 1 : 0;
    return found;
  };
  const auto plain = count(choice_of(client, path, body));
  ASSERT_GT(plain, 8);
  for (const auto* name : {"frequency_penalty", "presence_penalty", "repetition_penalty"}) {
    auto penalised = body;
    penalised[name] = 2;
    EXPECT_LT(count(choice_of(client, path, penalised)), plain) << name;
  }
}

TEST(api_fields, the_request_id_names_the_answer_unless_the_header_does) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto body = complete({{"request_id", "mine-1"}});
  const auto answer = client.post(path, body);
  EXPECT_EQ(answer.parsed()["id"], "cmpl-mine-1");
  EXPECT_EQ(answer.headers.at("x-request-id"), "mine-1");
  client.send("POST", path, body.dump(), "X-Request-Id: other\r\n");
  EXPECT_EQ(client.receive().parsed()["id"], "cmpl-other");
}

TEST(api_fields, the_final_message_is_continued_where_it_ends) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  json body{{"messages", json::array({{{"role", "user"}, {"content", "Hi"}},
                                      {{"role", "assistant"}, {"content", "Well, I "}}})},
            {"add_generation_prompt", false},
            {"continue_final_message", true}};
  const auto text =
      client.post("/v1/chat/completions/render", body).parsed()["prompt"].get<std::string>();
  EXPECT_TRUE(text.ends_with("Well, I ")) << text;
  body["add_generation_prompt"] = true;
  const auto both = client.post(chat_path, body);
  EXPECT_EQ(both.status, 400U);
  EXPECT_EQ(both.parsed()["error"]["param"], "continue_final_message");
  body["add_generation_prompt"] = false;
  body["messages"][1]["content"] = nullptr;
  EXPECT_EQ(client.post(chat_path, body).status, 400U);
}

}  // namespace
}  // namespace troupe::engine
