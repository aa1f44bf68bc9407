#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::events_of;
using test::fake_rig;
using test::json;

constexpr const char* path = "/v1/completions";

json complete(json prompt, json more = json::object()) {
  json body{{"model", "tiny"}, {"prompt", std::move(prompt)}, {"seed", 3}, {"ignore_eos", true}};
  body.update(more);
  return body;
}

TEST(api_completion, answers_field_by_field_as_vllm) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto answer = client.post(path, complete("Once upon"));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto body = answer.parsed();
  EXPECT_EQ(body["id"].get<std::string>().rfind("cmpl-", 0), 0U);
  EXPECT_EQ(body["object"], "text_completion");
  const auto& choice = body["choices"][0];
  EXPECT_TRUE(choice["text"].is_string());
  EXPECT_EQ(choice["finish_reason"], "length");
  for (const auto* name :
       {"logprobs", "stop_reason", "token_ids", "prompt_logprobs", "prompt_token_ids"}) {
    EXPECT_TRUE(choice.contains(name) && choice[name].is_null()) << name;
  }
  EXPECT_EQ(body["usage"]["completion_tokens"], 16);  // the default
}

TEST(api_completion, takes_text_and_token_ids_alike) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto tokens = client.post("/tokenize", {{"prompt", "Once upon"}}).parsed()["tokens"];
  const auto by_text = client.post(path, complete("Once upon")).parsed();
  const auto by_ids = client.post(path, complete(tokens)).parsed();
  EXPECT_EQ(by_text["choices"], by_ids["choices"]);
  EXPECT_EQ(client.post("/detokenize", {{"tokens", tokens}}).parsed()["prompt"], "Once upon");
}

TEST(api_completion, answers_many_prompts_each_as_if_alone) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const std::vector<std::string> prompts{"One", "Two two two", "Three"};
  const auto together = client.post(path, complete(prompts)).parsed();
  ASSERT_EQ(together["choices"].size(), 3U);
  int prompt_tokens = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto alone = client.post(path, complete(prompts[i])).parsed();
    EXPECT_EQ(together["choices"][i]["index"], i);
    EXPECT_EQ(together["choices"][i]["text"], alone["choices"][0]["text"]);
    prompt_tokens += alone["usage"]["prompt_tokens"].get<int>();
  }
  EXPECT_EQ(together["usage"]["prompt_tokens"], prompt_tokens);
  EXPECT_EQ(together["usage"]["completion_tokens"], 48);

  const auto ids = json::parse("[[5, 6, 7], [8, 9]]");
  EXPECT_EQ(client.post(path, complete(ids)).parsed()["choices"].size(), 2U);
}

TEST(api_completion, streams_many_prompts_by_index) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json prompts{"One", "Two two two"};
  const auto whole = client.post(path, complete(prompts)).parsed();
  const auto events =
      events_of(client
                    .post(path, complete(prompts, {{"stream", true},
                                                   {"stream_options", {{"include_usage", true}}}}))
                    .body);
  std::vector<std::string> texts(2);
  std::vector<int> ends(2);
  for (std::size_t i = 0; i + 2 < events.size(); ++i) {
    const auto& choice = events[i]["choices"][0];
    const auto index = choice["index"].get<std::size_t>();
    texts.at(index) += choice["text"].get<std::string>();
    if (!choice["finish_reason"].is_null()) ++ends.at(index);
  }
  EXPECT_EQ(ends, (std::vector{1, 1}));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(texts[i], whole["choices"][i]["text"]);
  const auto& usage = events[events.size() - 2]["usage"];
  EXPECT_EQ(usage["prompt_tokens"], whole["usage"]["prompt_tokens"]);
  EXPECT_EQ(usage["completion_tokens"], 32);
}

TEST(api_completion, echoes_the_prompt) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto plain = client.post(path, complete("Once upon")).parsed();
  const auto text = "Once upon" + plain["choices"][0]["text"].get<std::string>();
  const auto echoed = client.post(path, complete("Once upon", {{"echo", true}})).parsed();
  EXPECT_EQ(echoed["choices"][0]["text"], text);
  std::string streamed;
  const auto stream = client.post(path, complete("Once upon", {{"echo", true}, {"stream", true}}));
  for (const auto& event : events_of(stream.body)) {
    if (event.is_object()) streamed += event["choices"][0]["text"].get<std::string>();
  }
  EXPECT_EQ(streamed, text);
}

TEST(api_completion, stops_at_a_stop_string_and_leaves_it_out) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto plain = client.post(path, complete("Once upon", {{"max_tokens", 40}})).parsed();
  const auto text = plain["choices"][0]["text"].get<std::string>();
  std::string ascii;
  for (const char c : text) ascii += static_cast<signed char>(c) > ' ' ? c : ' ';
  const auto from = ascii.find_first_not_of(' ', text.size() / 2);
  ASSERT_NE(from, std::string::npos);
  const auto stop = text.substr(from, 1);
  const auto expected = text.substr(0, text.find(stop));
  for (const json& form : {json(stop), json{"no such text", stop}}) {
    const json more{{"max_tokens", 40}, {"stop", form}};
    const auto cut = client.post(path, complete("Once upon", more)).parsed();
    const auto& choice = cut["choices"][0];
    EXPECT_EQ(choice["text"], expected);
    EXPECT_EQ(choice["finish_reason"], "stop");
    EXPECT_EQ(choice["stop_reason"], stop);
    EXPECT_LT(cut["usage"]["completion_tokens"], 40);
  }
  const json more{{"max_tokens", 40}, {"stop", stop}, {"include_stop_str_in_output", true}};
  EXPECT_EQ(client.post(path, complete("Once upon", more)).parsed()["choices"][0]["text"],
            expected + stop);
}

TEST(api_completion, stops_at_a_stop_token_and_names_it) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json ids{{"return_token_ids", true}};
  const auto plain = client.post(path, complete("Once", ids)).parsed();
  const auto stop = plain["choices"][0]["token_ids"][5];
  const auto cut =
      client.post(path, complete("Once", {{"stop_token_ids", {stop}}, {"return_token_ids", true}}))
          .parsed();
  EXPECT_EQ(cut["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(cut["choices"][0]["stop_reason"], stop);
  EXPECT_EQ(cut["choices"][0]["token_ids"].back(), stop);
}

TEST(api_completion, repeats_itself_for_a_seed_and_not_without) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = complete("Once", {{"temperature", 1.0}, {"return_token_ids", true}});
  const auto first = client.post(path, body).parsed()["choices"];
  EXPECT_EQ(client.post(path, body).parsed()["choices"], first);
  body["seed"] = 4;
  EXPECT_NE(client.post(path, body).parsed()["choices"], first);
  body.erase("seed");
  const auto loose = client.post(path, body).parsed()["choices"];
  EXPECT_NE(client.post(path, body).parsed()["choices"], loose);
}

}  // namespace
}  // namespace troupe::engine
