#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::fake_rig;
using test::json;

constexpr const char* path = "/v1/completions";

struct refusal {
  const char* fields;   // merged into a valid body
  const char* param;    // names the field
  const char* message;  // a part of the sentence
};

void PrintTo(const refusal& r, std::ostream* out) {
  *out << r.fields;
}

class api_refusal : public testing::TestWithParam<refusal> {
 protected:
  static void SetUpTestSuite() { rig_ = std::make_unique<fake_rig>(); }
  static void TearDownTestSuite() { rig_.reset(); }
  static std::unique_ptr<fake_rig> rig_;
};

std::unique_ptr<fake_rig> api_refusal::rig_;

TEST_P(api_refusal, names_the_field_and_its_bound) {
  blocking_client client{rig_->rig.port()};
  json body{{"model", "tiny"}, {"prompt", "Hello"}};
  body.update(json::parse(GetParam().fields));
  const auto answer = client.post(path, body);
  EXPECT_EQ(answer.status, 400U) << answer.body;
  const auto error = answer.parsed()["error"];
  EXPECT_EQ(error["type"], "BadRequestError");
  EXPECT_EQ(error["code"], 400);
  EXPECT_EQ(error["param"], GetParam().param);
  EXPECT_NE(error["message"].get<std::string>().find(GetParam().message), std::string::npos)
      << error["message"];
}

INSTANTIATE_TEST_SUITE_P(
    fields, api_refusal,
    testing::Values(
        refusal{R"({"temperature": -1})", "temperature", "[0, 1000000], got -1"},
        refusal{R"({"temperature": "hot"})", "temperature", "temperature must be in"},
        refusal{R"({"top_p": 0})", "top_p", "(0, 1], got 0"},
        refusal{R"({"top_p": 1.5})", "top_p", "got 1.5"},
        refusal{R"({"top_k": -2})", "top_k", "[-1,"},
        refusal{R"({"top_k": 1.5})", "top_k", "whole number"},
        refusal{R"({"min_p": 2})", "min_p", "[0, 1], got 2"},
        refusal{R"({"max_tokens": 0})", "max_tokens", "at least 1, got 0"},
        refusal{R"({"max_tokens": -5})", "max_tokens", "got -5"},
        refusal{R"({"max_tokens": 1025})", "max_tokens",
                "max_tokens=1025 cannot be greater than max_model_len=1024"},
        refusal{R"({"min_tokens": 17})", "min_tokens", "max_tokens=16, got 17"},
        refusal{R"({"seed": "x"})", "seed", "whole number"},
        refusal{R"({"stop": [1]})", "stop", "strings of 1 to 256"},
        refusal{R"({"stop": ""})", "stop", "strings of 1 to 256"},
        refusal{
            R"({"stop": ["1","2","3","4","5","6","7","8","9","a","b","c","d","e","f","g","h"]})",
            "stop", "at most 16"},
        refusal{R"({"stop_token_ids": [99999999]})", "stop_token_ids", "out of [0,"},
        refusal{R"({"stop_token_ids": 5})", "stop_token_ids", "list of token ids"},
        refusal{R"({"stream": "yes"})", "stream", "true or false"},
        refusal{R"({"stream_options": {"include_usage": true}})", "stream_options", "stream=True"},
        refusal{R"({"stream": true, "stream_options": {"include_usage": 1}})",
                "stream_options.include_usage", "true or false"},
        refusal{R"({"cache_salt": ""})", "cache_salt", "1 to 1024 bytes"},
        refusal{R"({"n": 0})", "n", "[1, 1024], got 0"},
        refusal{R"({"n": 2, "temperature": 0})", "n", "n must be 1 when using greedy sampling"},
        refusal{R"({"n": 600, "prompt": ["a", "b"]})", "n", "at most 1024, got 1200"},
        refusal{R"({"best_of": 3})", "best_of", "not supported"},
        refusal{R"({"logprobs": 21})", "logprobs", "[0, 20], got 21"},
        refusal{R"({"prompt_logprobs": -1})", "prompt_logprobs", "[0, 20], got -1"},
        refusal{R"({"prompt_logprobs": 1, "stream": true})", "prompt_logprobs", "stream=True"},
        refusal{R"({"logit_bias": {"9999999": 1}})", "logit_bias", "\"9999999\" is out of [0,"},
        refusal{R"({"logit_bias": {"-1": 1}})", "logit_bias", "\"-1\" is out of"},
        refusal{R"({"logit_bias": {"5": "x"}})", "logit_bias", "must be a number"},
        refusal{R"({"logit_bias": [5]})", "logit_bias", "must be an object"},
        refusal{R"({"presence_penalty": 2.5})", "presence_penalty", "[-2, 2], got 2.5"},
        refusal{R"({"frequency_penalty": -3})", "frequency_penalty", "[-2, 2], got -3"},
        refusal{R"({"repetition_penalty": 0})", "repetition_penalty", "got 0"},
        refusal{R"({"bad_words": [""]})", "bad_words", "strings of 1 to 256"},
        refusal{R"({"priority": 1.5})", "priority", "whole number"},
        refusal{R"({"request_id": "a\nb"})", "request_id", "printable ASCII"},
        refusal{R"({"output_prefix": [99999999]})", "output_prefix", "out of [0,"},
        refusal{R"({"output_prefix": [5], "prompt": ["a", "b"]})", "output_prefix",
                "a single prompt"},
        refusal{R"({"output_prefix": [5, 6, 7], "max_tokens": 2})", "output_prefix",
                "at most max_tokens=2 tokens, got 3"},
        refusal{R"({"kv_transfer_params": {"do_remote_decode": true}})", "kv_transfer_params",
                "not supported"},
        refusal{R"({"suffix": "end"})", "suffix", "not supported"},
        refusal{R"({"prompt": ""})", "prompt", "at least one token"},
        refusal{R"({"prompt": []})", "prompt", "none empty"},
        refusal{R"({"prompt": [[]]})", "prompt", "at least one token"},
        refusal{R"({"prompt": [1, -1]})", "prompt", "token id -1"},
        refusal{R"({"prompt": {"a": 1}})", "prompt", "must be a string"},
        refusal{R"({"prompt": null})", "prompt", "must be a string"}));

TEST(api_error, lets_defaults_nulls_and_unknown_fields_pass) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto answer = client.call("POST", path, R"({"prompt": "Hello", "n": 1, "logprobs": null,
    "presence_penalty": 0, "frequency_penalty": 0.0, "repetition_penalty": 1.0, "logit_bias": {},
    "best_of": null, "use_beam_search": false, "response_format": {"type": "text"}, "user": "me",
    "priority": 0, "suffix": "", "top_k": -1, "max_tokens": 2, "what_is_this": [1, {"a": 2}]})");
  EXPECT_EQ(answer.status, 200U) << answer.body;
  const auto chat = client.call("POST", "/v1/chat/completions",
                                R"({"messages": [{"role": "user", "content": "Hi"}],
    "logprobs": false, "top_logprobs": 0, "tool_choice": "none", "max_tokens": 2})");
  EXPECT_EQ(chat.status, 200U) << chat.body;
}

TEST(api_error, says_where_json_is_broken) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto cut = client.call("POST", path, R"({"prompt": "Hel)");
  EXPECT_EQ(cut.status, 400U);
  EXPECT_NE(cut.body.find("invalid JSON at byte 16"), std::string::npos) << cut.body;
  EXPECT_EQ(client.call("POST", path, "").status, 400U);
  EXPECT_EQ(client.call("POST", path, "[1]").status, 400U);
  EXPECT_EQ(client.call("POST", path, "{\"prompt\": \"\xff\xfe\"}").status, 400U);
  EXPECT_EQ(client.call("POST", path, R"({"temperature": 1e999})").status, 400U);
  const auto deep = client.call("POST", path, std::string(100'000, '['));
  EXPECT_EQ(deep.status, 400U);
  EXPECT_NE(deep.body.find("nested deeper than 128"), std::string::npos) << deep.body;
  json wide;
  for (int i = 0; i < 1025; ++i) wide[std::to_string(i)] = i;
  const auto refused = client.post(path, wide);
  EXPECT_EQ(refused.status, 400U);
  EXPECT_NE(refused.body.find("more than 1024 members"), std::string::npos) << refused.body;
}

TEST(api_error, cut_anywhere_a_body_is_a_400) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const std::string whole =
      R"({"prompt": ["a", "b"], "max_tokens": 1, "stop": ["x"], "stream_options": null})";
  ASSERT_EQ(client.call("POST", path, whole).status, 200U);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    ASSERT_EQ(client.call("POST", path, whole.substr(0, bytes)).status, 400U) << bytes;
  }
}

TEST(api_error, refuses_messages_that_are_none) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (const auto* messages :
       {"[]", "5", "[5]", R"([{"content": "a"}])", R"([{"role": 1, "content": "a"}])",
        R"([{"role": "user", "content": 5}])", R"([{"role": "user", "content": [5]}])",
        R"([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}])",
        R"([{"role": "user", "content": [{"type": "text"}]}])"}) {
    const auto answer = client.call("POST", "/v1/chat/completions",
                                    R"({"messages": )" + std::string{messages} + "}");
    EXPECT_EQ(answer.status, 400U) << messages;
    EXPECT_EQ(answer.parsed()["error"]["param"], "messages") << answer.body;
  }
}

TEST(api_error, answers_unknown_models_paths_and_methods) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto model = client.post(path, {{"model", "other"}, {"prompt", "a"}});
  EXPECT_EQ(model.status, 404U);
  EXPECT_EQ(model.parsed()["error"]["message"], "The model `other` does not exist.");
  EXPECT_EQ(model.parsed()["error"]["type"], "NotFoundError");
  EXPECT_EQ(model.parsed()["error"]["param"], "model");
  EXPECT_EQ(client.get("/nowhere").status, 404U);
  const auto wrong = client.get(path);
  EXPECT_EQ(wrong.status, 405U);
  EXPECT_EQ(wrong.headers.at("allow"), "POST");
  EXPECT_EQ(client.post("/health", {}).status, 405U);
}

TEST(api_error, a_prompt_over_the_context_is_told_in_the_words_of_vllm) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const std::vector<int> prompt(1024, 5);
  const auto answer = client.post(path, {{"prompt", prompt}, {"max_tokens", 20}});
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.parsed()["error"]["message"],
            "This model's maximum context length is 1024 tokens. However, you requested 20 output "
            "tokens and your prompt contains 1024 input tokens, for a total of 1044 tokens. Please "
            "reduce the length of the input prompt or the number of requested output tokens. "
            "(parameter=input_tokens, value=1024)");
}

TEST(api_error, an_answer_longer_than_the_context_ends_with_it) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const std::vector<int> prompt(1010, 5);
  const json body{{"prompt", prompt}, {"max_tokens", 20}, {"ignore_eos", true}};
  const auto answer = client.post(path, body);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.parsed()["usage"]["completion_tokens"], 14);
  EXPECT_EQ(answer.parsed()["choices"][0]["finish_reason"], "length");
}

TEST(api_error, what_exceeds_the_kv_pool_is_a_400_with_numbers) {
  test::rig_options options;
  options.kv_blocks = 4;
  fake_rig r{options};
  blocking_client client{r.rig.port()};
  for (const bool stream : {false, true}) {
    const auto answer =
        client.post(path, {{"prompt", "Hello"}, {"max_tokens", 100}, {"stream", stream}});
    EXPECT_EQ(answer.status, 400U);
    EXPECT_NE(answer.body.find("the engine has 4"), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace troupe::engine
