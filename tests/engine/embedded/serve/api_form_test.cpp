// response_format and structured_outputs through the API, over every endpoint.
#include <gtest/gtest.h>

#include <array>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::events_of;
using test::fake_rig;
using test::json;

constexpr const char* completions = "/v1/completions";
constexpr const char* chats = "/v1/chat/completions";

const char* const schema_text = R"({"type": "object", "properties": {
  "name": {"enum": ["Ada", "Grace"]}, "age": {"type": "integer", "minimum": 1, "maximum": 120}},
  "required": ["name", "age"], "additionalProperties": false})";

json in_schema() {
  return {{"type", "json_schema"},
          {"json_schema", {{"name", "person"}, {"schema", json::parse(schema_text)}}}};
}

json completion(json more) {
  json body{{"prompt", "Who was it?"}, {"max_tokens", 200}, {"seed", 7}};
  body.update(more);
  return body;
}

json chat(json more) {
  json body{{"max_tokens", 200}, {"seed", 7}};
  body["messages"] = json::array({{{"role", "user"}, {"content", "Who was it?"}}});
  body.update(more);
  return body;
}

// Fails unless a text is a person of the schema above.
void expect_person(const std::string& text) {
  const auto value = json::parse(text, nullptr, false);
  ASSERT_TRUE(value.is_object() && value.size() == 2) << text;
  EXPECT_TRUE(value["name"] == "Ada" || value["name"] == "Grace") << text;
  ASSERT_TRUE(value["age"].is_number_integer()) << text;
  EXPECT_TRUE(value["age"] >= 1 && value["age"] <= 120) << text;
}

class api_form : public testing::TestWithParam<double> {};

TEST_P(api_form, completion_and_chat_whole_and_streamed_keep_to_the_schema) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json asked{{"response_format", in_schema()}, {"temperature", GetParam()}};
  const auto whole = client.post(completions, completion(asked)).parsed()["choices"][0];
  EXPECT_EQ(whole["finish_reason"], "stop");
  expect_person(whole["text"]);

  const auto message = client.post(chats, chat(asked)).parsed()["choices"][0];
  EXPECT_EQ(message["finish_reason"], "stop");
  expect_person(message["message"]["content"]);

  auto streamed = chat(asked);
  streamed["stream"] = true;
  std::string text;
  for (const auto& event : events_of(client.post(chats, streamed).body)) {
    if (!event.is_object()) continue;
    text += event["choices"][0]["delta"].value("content", "");
  }
  EXPECT_EQ(text, message["message"]["content"]);
}

TEST_P(api_form, tokens_in_tokens_out_and_the_rendered_request_give_the_same) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json asked{{"response_format", in_schema()}, {"temperature", GetParam()}};
  const auto direct = client.post(chats, chat(asked)).parsed()["choices"][0]["message"]["content"];
  auto rendered = client.post("/v1/chat/completions/render", chat(asked)).parsed();
  EXPECT_EQ(rendered["sampling_params"]["structured_outputs"]["json"], json::parse(schema_text));
  const auto answer = client.post("/inference/v1/generate", rendered);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto ids = answer.parsed()["choices"][0]["token_ids"];
  const auto text = client.post("/detokenize", {{"tokens", ids}}).parsed()["prompt"];
  EXPECT_EQ(text.get<std::string>().rfind(direct.get<std::string>(), 0), 0U) << text;
}

TEST_P(api_form, several_choices_are_each_in_form) {
  if (GetParam() == 0) return;  // n = 1 only
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto answer =
      client.post(chats, chat({{"response_format", in_schema()}, {"n", 5}})).parsed();
  ASSERT_EQ(answer["choices"].size(), 5U);
  for (const auto& choice : answer["choices"]) expect_person(choice["message"]["content"]);
}

INSTANTIATE_TEST_SUITE_P(temperature, api_form, testing::Values(0.0, 1.0));

TEST(api_form_kinds, json_object_json_text_and_choice) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto text_of = [&](const json& structure) {
    const auto answer = client.post(completions, completion({{"structured_outputs", structure}}));
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return answer.parsed()["choices"][0]["text"].get<std::string>();
  };
  expect_person(text_of({{"json", schema_text}}));
  expect_person(text_of({{"json", json::parse(schema_text)}, {"regex", nullptr}}));
  const auto chosen = text_of({{"choice", {"yes", "no", "never, \"ever\""}}});
  EXPECT_TRUE(chosen == "yes" || chosen == "no" || chosen == "never, \"ever\"") << chosen;
  EXPECT_EQ(text_of({{"json_object", true}}).front(), '{');
  const auto object =
      client.post(chats, chat({{"response_format", {{"type", "json_object"}}}, {"max_tokens", 1}}));
  EXPECT_EQ(object.parsed()["choices"][0]["message"]["content"].get<std::string>().front(), '{');
}

// A stop string ends a text inside its form; the prefix of an answer goes on inside it.
TEST(api_form_kinds, stop_strings_and_prefixes_go_together_with_a_form) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = completion({{"response_format", in_schema()},
                          {"logprobs", 2},
                          {"return_token_ids", true},
                          {"frequency_penalty", 0.5}});
  for (const auto& stop : {json::array(), json::array({"\"age"})}) {
    body["stop"] = stop;
    body.erase("output_prefix");
    const auto expected = client.post(completions, body).parsed()["choices"][0];
    EXPECT_EQ(expected["finish_reason"], "stop");
    EXPECT_EQ(expected["stop_reason"].is_string(), !stop.empty());
    const auto& ids = expected["token_ids"];
    for (std::size_t cut = 1; cut < ids.size(); ++cut) {
      body["output_prefix"] =
          std::vector<json>(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(cut));
      const auto got = client.post(completions, body).parsed()["choices"][0];
      const auto rest =
          std::vector<json>(ids.begin() + static_cast<std::ptrdiff_t>(cut), ids.end());
      ASSERT_EQ(got["token_ids"], json(rest)) << cut;
      ASSERT_EQ(got["stop_reason"], expected["stop_reason"]);
      const auto whole = expected["text"].get<std::string>();
      ASSERT_TRUE(whole.ends_with(got["text"].get<std::string>())) << cut;
    }
  }
}

TEST(api_form_kinds, a_prefix_outside_the_form_is_refused) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = completion({{"response_format", in_schema()}});
  body["output_prefix"] = client.post("/tokenize", {{"prompt", "no"}}).parsed()["tokens"];
  const auto refused = client.post(completions, body);
  EXPECT_EQ(refused.status, 400U);
  EXPECT_NE(refused.body.find("output_prefix: token 0 is none that"), std::string::npos)
      << refused.body;
}

struct refusal {
  const char* fields;   // merged into a valid body
  const char* param;    // names the field
  const char* message;  // a part of the sentence
};

const auto refusals = std::to_array<refusal>({
    {R"({"response_format": {"type": "json_schema", "json_schema": {"name": "x",
               "schema": {"properties": {"a": {"type": "string", "pattern": "x"}}}}}})",
     "response_format", "/properties/a/pattern"},
    {R"({"response_format": {"type": "json_schema", "json_schema": {"name": "x",
               "schema": {"$ref": "#/nowhere"}}}})",
     "response_format", "names nothing in the schema"},
    {R"({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}})",
     "response_format", "a name and a schema"},
    {R"({"response_format": {"type": "json_schema"}})", "response_format", "a name and a schema"},
    {R"({"response_format": {"type": "xml"}})", "response_format", "got \"xml\""},
    {R"({"response_format": {"type": "structural_tag"}})", "response_format",
     "structural_tag is not supported"},
    {R"({"response_format": "json"})", "response_format", "an object with a type"},
    {R"({"response_format": {}})", "response_format", "an object with a type"},
    {R"({"structured_outputs": {"regex": "a+"}})", "structured_outputs.regex",
     "regex is not supported"},
    {R"({"structured_outputs": {"grammar": "x"}})", "structured_outputs.grammar",
     "grammar is not supported"},
    {R"({"structured_outputs": {"json": {}, "disable_any_whitespace": true}})",
     "structured_outputs.disable_any_whitespace", "not supported"},
    {R"({"structured_outputs": {}})", "structured_outputs", "exactly one of"},
    {R"({"structured_outputs": {"json": {}, "choice": ["a"]}})", "structured_outputs",
     "exactly one of json, json_object and choice, got 2"},
    {R"({"structured_outputs": {"choice": [1]}})", "structured_outputs.choice", "strings of 1 to"},
    {R"({"structured_outputs": {"choice": []}})", "structured_outputs", "must hold a text"},
    {R"({"structured_outputs": {"json": "{"}})", "structured_outputs", "not valid JSON"},
    {R"({"structured_outputs": {"json": false}})", "structured_outputs", "no JSON text"},
    {R"({"structured_outputs": [1]})", "structured_outputs", "must be an object"},
    {R"({"structured_outputs": {"json": {}},
               "response_format": {"type": "json_object"}})",
     "structured_outputs", "give only one"},
});

TEST(api_form_kinds, what_cannot_be_kept_is_refused_with_its_place) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (const auto& [fields, param, message] : refusals) {
    const auto answer = client.post(completions, completion(json::parse(fields)));
    EXPECT_EQ(answer.status, 400U) << fields;
    const auto error = answer.parsed()["error"];
    EXPECT_EQ(error["param"], param) << fields;
    EXPECT_NE(error["message"].get<std::string>().find(message), std::string::npos)
        << error["message"];
  }
  const auto inner = client.post(
      "/inference/v1/generate",
      {{"token_ids", {1, 2}}, {"sampling_params", {{"structured_outputs", {{"regex", "a"}}}}}});
  EXPECT_EQ(inner.parsed()["error"]["param"], "sampling_params.structured_outputs.regex");
}

}  // namespace
}  // namespace troupe::engine
