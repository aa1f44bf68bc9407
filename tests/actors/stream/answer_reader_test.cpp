#include "actors/stream/answer_reader.hpp"

#include <string>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

constexpr std::string_view chat_stream =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
    "\"finish_reason\":null}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Pa\"},\"finish_reason\":null}]}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ris\"},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":31,\"completion_tokens\":2,"
    "\"prompt_tokens_details\":{\"cached_tokens\":16}}}\n\n"
    "data: [DONE]\n\n";

TEST(answer_reader, counts_content_and_reads_usage) {
  answer_reader reader{1 << 20};
  auto progress = reader.feed(chat_stream);
  EXPECT_EQ(progress.content_events, 2U);
  EXPECT_FALSE(progress.malformed);
  EXPECT_TRUE(reader.done());
  EXPECT_TRUE(reader.finished());
  EXPECT_FALSE(reader.has_error());
  EXPECT_EQ(reader.usage().prompt_tokens, 31U);
  EXPECT_EQ(reader.usage().completion_tokens, 2U);
  EXPECT_EQ(reader.usage().cached_tokens, 16U);
}

TEST(answer_reader, gives_the_same_facts_for_every_cut) {
  for (std::size_t cut = 0; cut <= chat_stream.size(); ++cut) {
    answer_reader reader{1 << 20};
    auto first = reader.feed(chat_stream.substr(0, cut));
    auto second = reader.feed(chat_stream.substr(cut));
    EXPECT_EQ(first.content_events + second.content_events, 2U) << "cut at " << cut;
    EXPECT_EQ(reader.usage().prompt_tokens, 31U) << "cut at " << cut;
    EXPECT_TRUE(reader.done()) << "cut at " << cut;
  }
}

TEST(answer_reader, role_alone_is_no_content) {
  answer_reader reader{1 << 20};
  auto progress = reader.feed(
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n");
  EXPECT_EQ(progress.content_events, 0U);
}

TEST(answer_reader, sees_completions_reasoning_and_tool_calls_as_content) {
  for (auto choice : {R"({"text":"a"})", R"({"delta":{"reasoning_content":"a"}})",
                      R"({"delta":{"tool_calls":[{"index":0}]}})", R"({"token_ids":[7]})"}) {
    answer_reader reader{1 << 20};
    auto progress = reader.feed("data: {\"choices\":[" + std::string{choice} + "]}\n\n");
    EXPECT_EQ(progress.content_events, 1U) << choice;
  }
}

TEST(answer_reader, notices_an_error_event) {
  answer_reader reader{1 << 20};
  reader.feed("data: {\"error\":{\"message\":\"engine is dead\"}}\n\n");
  EXPECT_TRUE(reader.has_error());
  EXPECT_TRUE(reader.done());
}

TEST(answer_reader, null_error_and_null_usage_are_nothing) {
  answer_reader reader{1 << 20};
  reader.feed("data: {\"error\":null,\"usage\":null,\"choices\":[]}\n\n");
  EXPECT_FALSE(reader.has_error());
  EXPECT_EQ(reader.usage().prompt_tokens, 0U);
}

TEST(answer_reader, an_event_over_the_bound_is_malformed) {
  answer_reader reader{64};
  EXPECT_TRUE(reader.feed("data: " + std::string(100, 'x')).malformed);
}

TEST(answer_reader, bytes_that_are_no_json_are_passed_over) {
  answer_reader reader{1 << 20};
  auto progress = reader.feed("data: {{{\n\ndata: \xff\xfe\n\n: ping\n\ndata: 3\n\n");
  EXPECT_EQ(progress.content_events, 0U);
  EXPECT_FALSE(reader.done());
}

TEST(answer_reader, reads_a_whole_answer) {
  answer_reader reader{1 << 20};
  reader.read_whole(R"({"choices":[{"message":{"content":"x"},"finish_reason":"length"}],
    "usage":{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":null}})");
  EXPECT_EQ(reader.usage().prompt_tokens, 5U);
  EXPECT_EQ(reader.usage().cached_tokens, 0U);
  EXPECT_TRUE(reader.finished());
}

TEST(answer_reader, negative_and_huge_counts_do_no_harm) {
  answer_reader reader{1 << 20};
  reader.read_whole(R"({"usage":{"prompt_tokens":-5,"completion_tokens":99999999999999}})");
  EXPECT_EQ(reader.usage().prompt_tokens, 0U);
  EXPECT_EQ(reader.usage().completion_tokens, 4294967295U);
}

}  // namespace
}  // namespace troupe::actors
