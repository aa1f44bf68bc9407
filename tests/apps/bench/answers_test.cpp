// What is sent and what comes back: bodies, streamed answers, endpoints.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/bench/request_body.hpp"
#include "apps/bench/streamed_answer.hpp"
#include "apps/bench/target.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps::bench {
namespace {

using json = nlohmann::json;

planned_request sample() {
  const auto text = [](const char* s) { return std::make_shared<const std::string>(s); };
  planned_request asked;
  asked.messages = {{speaker::system, text("Be \"kind\".")},
                    {speaker::user, text("One?")},
                    {speaker::assistant, text("Two.\n")},
                    {speaker::user, text("Three?")}};
  asked.answer_tokens = 9;
  return asked;
}

TEST(request_body, of_a_chat_holds_the_conversation) {
  const json body = json::parse(write_body(sample(), {api_kind::chat, "m", false}));
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["max_tokens"], 9);
  EXPECT_EQ(body["ignore_eos"], true);
  EXPECT_EQ(body["temperature"], 0);
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["stream_options"]["include_usage"], true);
  ASSERT_EQ(body["messages"].size(), 4u);
  EXPECT_EQ(body["messages"][0]["role"], "system");
  EXPECT_EQ(body["messages"][0]["content"], "Be \"kind\".");
  EXPECT_EQ(body["messages"][2]["role"], "assistant");
  EXPECT_EQ(body["messages"][2]["content"], "Two.\n");
  EXPECT_FALSE(body.contains("prompt"));
  EXPECT_EQ(path_of(api_kind::chat), "/v1/chat/completions");
}

TEST(request_body, of_a_completion_is_one_text) {
  const json body = json::parse(write_body(sample(), {api_kind::completions, "m", true}));
  EXPECT_EQ(body["prompt"], "Be \"kind\".\n\nOne?\n\nTwo.\n\n\nThree?");
  EXPECT_FALSE(body.contains("ignore_eos"));
  EXPECT_FALSE(body.contains("messages"));
  EXPECT_EQ(path_of(api_kind::completions), "/v1/completions");
}

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

std::string delta(const std::string& inside, const std::string& finish = "null") {
  return event(R"({"choices":[{"index":0,"delta":{)" + inside + R"(},"finish_reason":)" + finish +
               "}]}");
}

TEST(streamed_answer, collects_text_and_usage_however_it_is_cut) {
  const std::string bytes =
      delta(R"("role":"assistant","content":"")") + delta(R"("content":"Hel")") +
      delta(R"("content":"lo","reasoning":null)") + delta(R"("content":"")", "\"length\"") +
      event(R"({"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":2,)"
            R"("prompt_tokens_details":{"cached_tokens":32}}})") +
      event("[DONE]");
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    streamed_answer answer;
    std::uint32_t pieces = 0;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      pieces += answer.feed(std::string_view{bytes}.substr(at, step));
    }
    EXPECT_EQ(pieces, 2u);
    EXPECT_EQ(answer.text(), "Hello");
    EXPECT_TRUE(answer.is_whole());
    EXPECT_EQ(answer.usage().prompt_tokens, 40u);
    EXPECT_EQ(answer.usage().answer_tokens, 2u);
    EXPECT_EQ(answer.usage().cached_tokens, 32u);
    EXPECT_TRUE(answer.usage().is_told && answer.usage().is_cache_told);
  }
}

TEST(streamed_answer, counts_whatever_the_model_generated_and_keeps_the_content) {
  streamed_answer answer;
  EXPECT_EQ(answer.feed(delta(R"("reasoning_content":"hm")")), 1u);
  EXPECT_EQ(answer.feed(delta(R"("reasoning":"hm")")), 1u);
  EXPECT_EQ(answer.feed(delta(R"("tool_calls":[{"index":0}])")), 1u);
  EXPECT_EQ(answer.feed(delta(R"("content":null)")), 0u);
  EXPECT_EQ(answer.feed(event(R"({"choices":[{"text":"abc"}]})")), 1u);
  EXPECT_EQ(answer.text(), "abc");
  EXPECT_FALSE(answer.is_whole());
  EXPECT_FALSE(answer.usage().is_told);
}

TEST(streamed_answer, tells_usage_without_cached_tokens_apart) {
  streamed_answer answer;
  answer.feed(event(R"({"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":1,)"
                    R"("prompt_tokens_details":null}})"));
  EXPECT_TRUE(answer.usage().is_told);
  EXPECT_FALSE(answer.usage().is_cache_told);
}

TEST(streamed_answer, ends_badly_with_an_error_event) {
  streamed_answer answer;
  answer.feed(delta(R"("content":"a")") + event(R"({"error":{"message":"engine\nlost"}})") +
              event("[DONE]"));
  EXPECT_FALSE(answer.is_whole());
  EXPECT_EQ(answer.error(), "engine lost");
  streamed_answer bare;
  bare.feed(event(R"({"error":"no"})"));
  EXPECT_EQ(bare.error(), "no");
}

TEST(streamed_answer, is_broken_by_what_is_no_json) {
  streamed_answer answer;
  answer.feed(event("{nonsense"));
  EXPECT_TRUE(answer.is_broken());
  EXPECT_FALSE(answer.is_whole());
}

TEST(streamed_answer, bodies_that_are_whole_tell_errors_usage_and_models) {
  EXPECT_EQ(read_error(R"({"error":{"message":"too long","type":"x"}})"), "too long");
  EXPECT_EQ(read_error(R"({"error":{"type":"x"}})"), "an error without a message");
  EXPECT_EQ(read_error("<html>\n502"), "<html> 502");
  EXPECT_EQ(read_error(std::string(5'000, 'x')).size(), 300u);
  EXPECT_EQ(read_usage(R"({"usage":{"prompt_tokens":3}})").prompt_tokens, 3u);
  EXPECT_FALSE(read_usage("nothing").is_told);
  EXPECT_EQ(read_first_model(R"({"data":[{"id":""},{"id":"a/b"},{"id":"c"}]})"), "a/b");
  EXPECT_EQ(read_first_model(R"({"data":[]})"), "");
  EXPECT_EQ(read_first_model("x"), "");
}

std::string mistake_of(const std::string& text) {
  const auto made = parse_target(text);
  EXPECT_FALSE(made) << text;
  return made ? "" : failure_text(made.error());
}

TEST(target, has_a_name_a_place_and_a_path) {
  const auto plain = parse_target("http://127.0.0.1:8000");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->name, "127.0.0.1:8000");
  EXPECT_EQ(plain->at, (transport::http::endpoint{"127.0.0.1", 8000}));
  EXPECT_EQ(plain->path, "");
  const auto named = parse_target("round_robin=http://gpu-0:81/v1/");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "round_robin");
  EXPECT_EQ(named->url, "http://gpu-0:81/v1/");
  EXPECT_EQ(named->at.host, "gpu-0");
  EXPECT_EQ(named->path, "");
  EXPECT_EQ(parse_target("http://a:1/team/x/v1")->path, "/team/x");
  EXPECT_EQ(parse_target("http://a:1/x=y")->path, "/x=y");
  EXPECT_EQ(parse_target("v6=http://[::1]:9")->at.host, "::1");
}

TEST(target, refuses_what_is_no_endpoint) {
  EXPECT_NE(mistake_of("localhost:8000").find("is not of the form http://HOST:PORT"),
            std::string::npos);
  EXPECT_NE(mistake_of("a b=http://x:1").find("has a name"), std::string::npos);
  EXPECT_NE(mistake_of("=http://x:1").find("has a name"), std::string::npos);
  EXPECT_NE(mistake_of("http://x").find("has no port"), std::string::npos);
  EXPECT_NE(mistake_of("http://x:1/v1?y=1").find("has a query"), std::string::npos);
  EXPECT_NE(mistake_of("").find("the endpoint ''"), std::string::npos);
}

}  // namespace
}  // namespace troupe::apps::bench
