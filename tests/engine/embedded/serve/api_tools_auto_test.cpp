// Tool calls found in text, and tools and their results on the way into prompts.
#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/tools_rig.hpp"

namespace troupe::engine {
namespace {

using test::ask;
using test::blocking_client;
using test::expect_call;
using test::fake_rig;
using test::json;
using test::stream;

constexpr const char* path = test::chat_path;

// Says a given text, whatever it is asked: one token a step, then the end.
class script_executor : public step_executor {
 public:
  script_executor() : model_{test::open_tiny_model()} {}

  void say(const std::string& text) {
    tokens_ = model_.text->encode(text, false, false);
    tokens_.push_back(model_.end_tokens.front());
    next_ = 0;
  }

  std::span<const float> run(std::span<const sequence_slice> slices) override {
    row_.assign(vocab(), 0);
    for (const auto& s : slices) {
      if (s.logit_rows > 0) row_.at(static_cast<std::size_t>(tokens_.at(next_++))) = 100;
    }
    return row_;
  }
  std::uint32_t vocab() const override { return model_.weights->shape().vocab; }

 private:
  engine_model model_;
  std::vector<std::int32_t> tokens_;
  std::size_t next_ = 0;
  std::vector<float> row_;
};

constexpr const char* spoken_calls =
    R"(Let me see. <tool_call>{"name": "weather", "arguments": {"city": "Rome", "days": 2}})"
    "</tool_call>\n"
    R"(<tool_call>{"name": "time", "arguments": {}}</tool_call>)";

TEST(api_tools_auto, finds_calls_in_the_text_whole_and_streamed_alike) {
  script_executor model;
  test::api_rig rig{model};
  blocking_client client{rig.port()};
  const auto body = ask({{"temperature", 0}, {"request_id", "one"}});
  model.say(spoken_calls);
  const auto choice = client.post(path, body).parsed()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_EQ(choice["message"]["content"], "Let me see. ");
  ASSERT_EQ(choice["message"]["tool_calls"].size(), 2U);
  for (const auto& call : choice["message"]["tool_calls"]) expect_call(call);
  model.say(spoken_calls);
  const auto got = stream(client, body);
  EXPECT_EQ(got.content, "Let me see. ");
  EXPECT_EQ(got.calls, choice["message"]["tool_calls"]);
  EXPECT_EQ(got.finish, "tool_calls");

  auto single = body;
  single["parallel_tool_calls"] = false;
  model.say(spoken_calls);
  EXPECT_EQ(client.post(path, single).parsed()["choices"][0]["message"]["tool_calls"].size(), 1U);
}

TEST(api_tools_auto, text_that_only_resembles_a_call_is_content) {
  script_executor model;
  test::api_rig rig{model};
  blocking_client client{rig.port()};
  for (const std::string text : {"<tool_call> is a tag", "<tool_call>{\"name\": 5}</tool_call>",
                                 "{\"name\": \"time\", \"parameters\": {}}", "a <tool_cal"}) {
    model.say(text);
    const auto choice = client.post(path, ask({{"temperature", 0}})).parsed()["choices"][0];
    EXPECT_EQ(choice["message"]["content"], text);
    EXPECT_EQ(choice["finish_reason"], "stop");
    EXPECT_FALSE(choice["message"].contains("tool_calls"));
    model.say(text);
    EXPECT_EQ(stream(client, ask({{"temperature", 0}})).content, text);
  }
}

TEST(api_tools_auto, a_call_cut_by_max_tokens_ends_with_length) {
  script_executor model;
  test::api_rig rig{model};
  blocking_client client{rig.port()};
  model.say(spoken_calls);
  const auto cut = client.post(path, ask({{"temperature", 0}, {"max_tokens", 30}}));
  EXPECT_EQ(cut.parsed()["choices"][0]["finish_reason"], "length");
}

TEST(api_tools_auto, a_template_that_shows_parameters_has_json_calls_found) {
  script_executor model;
  test::rig_options options;
  options.chat_template = R"({{ '{"name": ..., "parameters": ...}' }}{{ messages[0].content }})";
  test::api_rig rig{model, options};
  blocking_client client{rig.port()};
  model.say(R"({"name": "time", "parameters": {}})");
  const auto choice = client.post(path, ask({{"temperature", 0}})).parsed()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  expect_call(choice["message"]["tool_calls"][0]);
}

// What a template of Hermes' kind shows of a whole tool conversation.
TEST(api_tools_prompt, calls_and_results_reach_the_template) {
  test::rig_options options;
  options.chat_template =
      "{% for t in tools %}<tool>{{ t.function.name }}</tool>{% endfor %}"
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
      "{% for c in m.tool_calls %}<tool_call>{{ c.function.name }}:{{ c.function.arguments.city }}"
      "{{ c.function.arguments | tojson }}</tool_call>{% endfor %}"
      "{% if m.tool_call_id %}({{ m.tool_call_id }}){% endif %}{% endfor %}";
  fake_rig r{options};
  blocking_client client{r.rig.port()};
  auto body = ask({{"tool_choice", "none"}});
  body["messages"] = json::parse(R"([
    {"role": "user", "content": "Rain?"},
    {"role": "assistant", "content": null, "tool_calls": [
      {"id": "a", "type": "function",
       "function": {"name": "weather", "arguments": "{\"city\": \"Rome\"}"}},
      {"id": "b", "type": "function", "function": {"name": "time", "arguments": ""}}]},
    {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "dry"}]},
    {"role": "tool", "tool_call_id": "b", "content": "noon"}])");
  const auto rendered = client.post("/v1/chat/completions/render", body).parsed();
  EXPECT_EQ(rendered["prompt"],
            "<tool>weather</tool><tool>time</tool>[user]Rain?[assistant]"
            "<tool_call>weather:Rome{\"city\": \"Rome\"}</tool_call><tool_call>time:{}</tool_call>"
            "[tool]dry(a)[tool]noon(b)");
}

}  // namespace
}  // namespace troupe::engine
