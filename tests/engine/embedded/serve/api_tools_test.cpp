// Forced tool calls through the API, whole, streamed and continued; what is refused.
#include <gtest/gtest.h>

#include <array>

#include "tests/engine/embedded/serve/tools_rig.hpp"

namespace troupe::engine {
namespace {

using test::ask;
using test::blocking_client;
using test::events_of;
using test::expect_call;
using test::fake_rig;
using test::json;
using test::named_function;
using test::stream;

constexpr const char* path = test::chat_path;

class api_tools : public testing::TestWithParam<double> {};

TEST_P(api_tools, required_calls_come_whole_and_streamed_alike) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  std::size_t longest = 0;
  for (int seed = 0; seed < 12; ++seed) {
    const auto body =
        ask({{"tool_choice", "required"}, {"seed", seed}, {"temperature", GetParam()}});
    client.send("POST", path, body.dump(), "X-Request-Id: same\r\n");
    const auto choice = client.receive().parsed()["choices"][0];
    const auto& message = choice["message"];
    EXPECT_TRUE(message["content"].is_null());
    if (choice["finish_reason"] == "length") continue;
    EXPECT_EQ(choice["finish_reason"], "tool_calls");
    ASSERT_FALSE(message["tool_calls"].empty());
    for (const auto& call : message["tool_calls"]) expect_call(call);
    longest = std::max(longest, message["tool_calls"].size());
    auto same = body;
    same["request_id"] = "same";
    const auto got = stream(client, same);
    EXPECT_EQ(got.calls, message["tool_calls"]);
    EXPECT_EQ(got.content, "");
    EXPECT_EQ(got.finish, "tool_calls");
  }
  EXPECT_GT(longest, GetParam() == 0 ? 0U : 1U);
}

TEST_P(api_tools, one_call_at_most_where_calls_are_not_parallel) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (int seed = 0; seed < 12; ++seed) {
    const auto answer = client.post(path, ask({{"tool_choice", "required"},
                                               {"parallel_tool_calls", false},
                                               {"seed", seed},
                                               {"temperature", GetParam()}}));
    const auto calls = answer.parsed()["choices"][0]["message"]["tool_calls"];
    ASSERT_EQ(calls.size(), 1U);
    expect_call(calls[0]);
  }
}

TEST_P(api_tools, a_named_function_is_called_with_its_arguments) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const auto body = ask({{"tool_choice", named_function("weather")}, {"temperature", GetParam()}});
  const auto choice = client.post(path, body).parsed()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "stop") << "as OpenAI and vLLM end a named call";
  ASSERT_EQ(choice["message"]["tool_calls"].size(), 1U);
  expect_call(choice["message"]["tool_calls"][0]);
  EXPECT_EQ(choice["message"]["tool_calls"][0]["function"]["name"], "weather");
  const auto got = stream(client, body);
  ASSERT_EQ(got.calls.size(), 1U);
  EXPECT_EQ(got.calls[0]["function"], choice["message"]["tool_calls"][0]["function"]);
  EXPECT_EQ(got.finish, "stop");
}

TEST_P(api_tools, a_forced_call_goes_on_from_every_cut) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = ask({{"tool_choice", "required"},
                   {"temperature", GetParam()},
                   {"return_token_ids", true},
                   {"request_id", "one"}});
  const auto expected = client.post(path, body).parsed()["choices"][0];
  const auto& ids = expected["token_ids"];
  ASSERT_GT(ids.size(), 5U);
  for (std::size_t cut = 1; cut < ids.size(); ++cut) {
    body["output_prefix"] =
        std::vector<json>(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto got = client.post(path, body).parsed()["choices"][0];
    ASSERT_EQ(got["message"]["tool_calls"], expected["message"]["tool_calls"]) << cut;
    ASSERT_EQ(got["finish_reason"], expected["finish_reason"]);
    ASSERT_EQ(got["token_ids"].size(), ids.size() - cut);
  }
}

INSTANTIATE_TEST_SUITE_P(temperature, api_tools, testing::Values(0.0, 1.0));

// A stream that is cut after any number of tokens and continued tells each piece of a call once.
TEST(api_tools_stream, both_parts_of_a_cut_stream_make_the_whole_calls) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = ask({{"tool_choice", "required"}, {"return_token_ids", true}, {"stream", true}});
  std::vector<json> events;
  for (const auto& event : events_of(client.post(path, body).body)) {
    if (event.is_object() && event["choices"][0].contains("token_ids")) events.push_back(event);
  }
  const auto arguments_of = [](const std::vector<json>& list, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < list.size(); ++i) {
      const auto& delta = list[i]["choices"][0]["delta"];
      for (const auto& piece : delta.value("tool_calls", json::array())) {
        text += piece["index"].dump() + piece["function"]["arguments"].get<std::string>();
      }
    }
    return text;
  };
  auto prefix = json::array();
  for (std::size_t cut = 1; cut < events.size(); ++cut) {
    for (const auto& id : events[cut - 1]["choices"][0]["token_ids"]) prefix.push_back(id);
    body["output_prefix"] = prefix;
    std::vector<json> rest;
    for (const auto& event : events_of(client.post(path, body).body)) {
      if (event.is_object() && event["choices"][0].contains("token_ids")) rest.push_back(event);
    }
    ASSERT_EQ(rest.size(), events.size() - cut);
    ASSERT_EQ(arguments_of(rest, 0), arguments_of(events, cut)) << cut;
  }
}

TEST(api_tools_auto, no_choice_and_none_leave_text_as_it_is) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (const auto& more : {json{{"tool_choice", "none"}}, json::object()}) {
    const auto choice = client.post(path, ask(more)).parsed()["choices"][0];
    EXPECT_TRUE(choice["message"]["content"].is_string());
    EXPECT_FALSE(choice["message"].contains("tool_calls"));
  }
}

TEST(api_tools_auto, a_forced_call_takes_the_place_of_a_response_format) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  const json format{{"type", "json_object"}};
  const auto choice =
      client.post(path, ask({{"tool_choice", named_function("time")}, {"response_format", format}}))
          .parsed()["choices"][0];
  expect_call(choice["message"]["tool_calls"][0]);
}

struct refusal {
  const char* fields;   // merged into a valid body
  const char* param;    // names the field
  const char* message;  // a part of the sentence
};

const auto refusals = std::to_array<refusal>({
    {R"({"tools": {"a": 1}})", "tools", "must be a list"},
    {R"({"tools": [1]})", "tools", "tools[0] must be of type \"function\""},
    {R"({"tools": [{"type": "function", "function": {}}]})", "tools",
     "tools[0].function must have a name"},
    {R"({"tools": [{"type": "function",
                       "function": {"name": "f", "parameters": [1]}}]})",
     "tools", "parameters must be a JSON Schema"},
    {R"({"tools": null, "tool_choice": "auto"})", "tool_choice", "needs tools"},
    {R"({"tool_choice": "maybe"})", "tool_choice", "\"required\" or name a function"},
    {R"({"tool_choice": {"type": "function", "function": {"name": "no"}}})", "tool_choice",
     "not among the tools: no"},
    {R"({"parallel_tool_calls": 1})", "parallel_tool_calls", "true or false"},
    {R"({"tool_choice": "required", "structured_outputs": {"json": {}}})", "tool_choice",
     "two forms"},
    {R"({"tool_choice": "required", "tools": [{"type": "function", "function":
                       {"name": "f", "parameters": {"type": "object", "not": {}}}}]})",
     "tools", "/items/anyOf/0/properties/parameters/not"},
    {R"({"messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]})", "messages",
     "messages[0].tool_calls[0].function.name must be a string"},
    {R"({"messages": [{"role": "assistant", "tool_calls":
                       [{"function": {"name": "f", "arguments": "{"}}]}]})",
     "messages", "function.arguments must be a JSON object, as text"},
    {R"({"messages": [{"role": "assistant", "tool_calls": 5}]})", "messages",
     "messages[0].tool_calls must be a list"},
});

TEST(api_tools_refusal, names_what_is_wrong) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  for (const auto& [fields, param, message] : refusals) {
    const auto answer = client.post(path, ask(json::parse(fields)));
    EXPECT_EQ(answer.status, 400U) << fields;
    const auto error = answer.parsed()["error"];
    EXPECT_EQ(error["param"], param) << fields;
    EXPECT_NE(error["message"].get<std::string>().find(message), std::string::npos)
        << error["message"];
  }
}

}  // namespace
}  // namespace troupe::engine
