// output_prefix through the API: text, stop strings, log probabilities and usage of the rest.
#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::events_of;
using test::fake_rig;
using test::json;

constexpr const char* path = "/v1/completions";

json body_of(double temperature) {
  return {{"prompt", "Once upon"},
          {"max_tokens", 48},
          {"seed", 5},
          {"logprobs", 2},
          {"return_token_ids", true},
          {"temperature", temperature},
          {"ignore_eos", true},
          {"presence_penalty", 0.5},
          {"frequency_penalty", 0.4},
          {"repetition_penalty", 1.2}};
}

// Prefix of a choice's tokens, as JSON.
json first_tokens(const json& choice, std::size_t count) {
  const auto& ids = choice["token_ids"];
  return std::vector<json>(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
}

// Text of a stream, with the number of tokens that had come when each piece was there.
std::vector<std::string> text_after_each_token(blocking_client& client, json body) {
  body["stream"] = true;
  std::vector<std::string> texts;
  std::string text;
  for (const auto& event : events_of(client.post(path, body).body)) {
    if (!event.is_object()) continue;
    text += event["choices"][0]["text"].get<std::string>();
    texts.push_back(text);
  }
  return texts;
}

class api_prefix : public testing::TestWithParam<double> {};

TEST_P(api_prefix, every_cut_gives_the_rest_of_the_uncut_answer) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = body_of(GetParam());
  const auto plain = client.post(path, body).parsed()["choices"][0];
  // A stop string from the second half, over several tokens where they are short.
  const auto whole_text = plain["text"].get<std::string>();
  std::string stop;
  for (auto at = whole_text.size() / 2; at < whole_text.size() && stop.size() < 3; ++at) {
    if (static_cast<signed char>(whole_text[at]) > 0) {
      stop += whole_text[at];
    } else {
      stop.clear();
    }
  }
  ASSERT_FALSE(stop.empty());
  body["stop"] = {stop, "never to be seen"};
  const auto expected = client.post(path, body).parsed()["choices"][0];
  const auto texts = text_after_each_token(client, body);
  const auto count = expected["token_ids"].size();
  ASSERT_EQ(texts.size(), count);
  for (std::size_t cut = 1; cut < count; ++cut) {
    auto rest = body;
    rest["output_prefix"] = first_tokens(expected, cut);
    const auto answer = client.post(path, rest).parsed();
    const auto& got = answer["choices"][0];
    ASSERT_EQ(texts[cut - 1] + got["text"].get<std::string>(), expected["text"]) << cut;
    ASSERT_EQ(got["finish_reason"], expected["finish_reason"]);
    ASSERT_EQ(got["stop_reason"], expected["stop_reason"]);
    ASSERT_EQ(got["token_ids"].size(), count - cut);
    ASSERT_EQ(answer["usage"]["completion_tokens"], count - cut);
    ASSERT_EQ(answer["usage"]["prompt_tokens"].get<std::size_t>() + count - cut,
              answer["usage"]["total_tokens"]);
    for (const auto* list : {"text_offset", "token_logprobs", "tokens", "top_logprobs"}) {
      const auto& all = expected["logprobs"][list];
      ASSERT_EQ(got["logprobs"][list],
                json(std::vector<json>(all.begin() + static_cast<std::ptrdiff_t>(cut), all.end())))
          << list << " cut at " << cut;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(temperature, api_prefix, testing::Values(0.0, 1.0));

TEST(api_prefix_end, a_prefix_that_is_whole_is_answered_at_once) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = body_of(1);
  body["output_prefix"] = first_tokens(client.post(path, body).parsed()["choices"][0], 48);
  const auto answer = client.post(path, body).parsed();
  EXPECT_EQ(answer["choices"][0]["text"], "");
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(answer["choices"][0]["token_ids"], json::array());
  EXPECT_EQ(answer["usage"]["completion_tokens"], 0);
  body["stream"] = true;
  const auto events = events_of(client.post(path, body).body);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(client.get("/health").status, 200U) << "the connection goes on";
}

TEST(api_prefix_end, tokens_after_an_end_are_refused) {
  fake_rig r;
  blocking_client client{r.rig.port()};
  auto body = body_of(1);
  body["stop_token_ids"] = {7};
  body["output_prefix"] = {5, 7, 9};
  const auto refused = client.post(path, body);
  EXPECT_EQ(refused.status, 400U);
  EXPECT_NE(refused.body.find("goes on after its end, at token 2"), std::string::npos);
  body["output_prefix"] = {5, 7};
  const auto whole = client.post(path, body).parsed()["choices"][0];
  EXPECT_EQ(whole["finish_reason"], "stop");
  EXPECT_EQ(whole["stop_reason"], 7);
}

}  // namespace
}  // namespace troupe::engine
