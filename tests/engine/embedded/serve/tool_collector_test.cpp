#include "engine/embedded/serve/tool_collector.hpp"

#include <gtest/gtest.h>

namespace troupe::engine {
namespace {

tool_rules rules_of(tool_choice_kind kind, bool parallel = true) {
  tool_rules rules;
  rules.choice = {kind, kind == tool_choice_kind::named ? "f" : ""};
  rules.syntax = kind == tool_choice_kind::named      ? tool_syntax::arguments
                 : kind == tool_choice_kind::required ? tool_syntax::json
                                                      : tool_syntax::hermes;
  rules.parallel = parallel;
  return rules;
}

// Everything a text brings, byte by byte, joined by call.
struct heard {
  std::string content;
  std::vector<tool_delta> calls;
};

void hear(const tool_collector::pieces& pieces, heard& all) {
  all.content += pieces.content;
  for (const auto& d : pieces.deltas) {
    if (!d.id.empty()) {
      EXPECT_EQ(d.index, all.calls.size());
      all.calls.push_back(d);
    } else {
      ASSERT_LT(d.index, all.calls.size());
      EXPECT_TRUE(d.name.empty());
      all.calls[d.index].arguments += d.arguments;
    }
  }
}

heard hear_all(tool_collector& collector, std::string_view text) {
  heard all;
  for (std::size_t i = 0; i < text.size(); ++i) hear(collector.push(text.substr(i, 1)), all);
  hear(collector.finish(), all);
  return all;
}

constexpr const char* two_calls =
    R"(Well: <tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>
<tool_call>{"name": "g", "arguments": {}}</tool_call>)";

TEST(tool_collector, streams_and_keeps_the_calls_of_a_text) {
  tool_collector collector{rules_of(tool_choice_kind::automatic), true, "call-"};
  const auto got = hear_all(collector, two_calls);
  EXPECT_EQ(got.content, "Well: ");
  ASSERT_EQ(got.calls.size(), 2U);
  EXPECT_EQ(got.calls[0].id, "call-0");
  EXPECT_EQ(got.calls[0].name, "f");
  EXPECT_EQ(got.calls[0].arguments, R"({"a": 1})");
  EXPECT_EQ(got.calls[1].id, "call-1");
  ASSERT_EQ(collector.calls().size(), 2U);
  EXPECT_EQ(collector.calls()[1].name, "g");
  EXPECT_EQ(collector.calls()[1].arguments, "{}");
  EXPECT_TRUE(collector.ends_in_calls());
}

TEST(tool_collector, keeps_the_first_call_only_where_calls_are_not_parallel) {
  tool_collector collector{rules_of(tool_choice_kind::automatic, false), true, "c"};
  const auto got = hear_all(collector, two_calls);
  ASSERT_EQ(got.calls.size(), 1U);
  EXPECT_EQ(collector.calls().size(), 1U);
  EXPECT_EQ(collector.calls()[0].arguments, R"({"a": 1})");
}

TEST(tool_collector, a_call_that_goes_wrong_is_content_of_a_whole_answer_only) {
  const std::string text = R"(<tool_call>{"name": "f", "arguments": {"a": oops}})";
  tool_collector whole{rules_of(tool_choice_kind::automatic), false, "c"};
  EXPECT_EQ(hear_all(whole, text).content, text);
  EXPECT_TRUE(whole.calls().empty());
  EXPECT_FALSE(whole.ends_in_calls());
  tool_collector streamed{rules_of(tool_choice_kind::automatic), true, "c"};
  const auto got = hear_all(streamed, text);
  EXPECT_EQ(got.calls.size(), 1U) << "it had begun";
  EXPECT_EQ(got.content, "oops}}");
  EXPECT_FALSE(streamed.ends_in_calls());
}

TEST(tool_collector, forced_calls_have_no_content_and_keep_what_a_cut_leaves) {
  tool_collector required{rules_of(tool_choice_kind::required), false, "c"};
  const auto cut = hear_all(required, R"([ {"name": "f", "parameters": {"a": 1}}, {"name": "g", )"
                                      R"("parameters": {"b": [1, )");
  EXPECT_EQ(cut.content, "");
  ASSERT_EQ(required.calls().size(), 2U);
  EXPECT_EQ(required.calls()[1].arguments, R"({"b": [1, )");
  tool_collector bare{rules_of(tool_choice_kind::required), false, "c"};
  EXPECT_EQ(hear_all(bare, "[").content, "");
  EXPECT_TRUE(bare.calls().empty());
}

TEST(tool_collector, a_named_function_takes_the_whole_text_and_ends_with_stop) {
  tool_collector named{rules_of(tool_choice_kind::named), true, "c"};
  const auto got = hear_all(named, R"({"a": 1})");
  ASSERT_EQ(got.calls.size(), 1U);
  EXPECT_EQ(got.calls[0].name, "f");
  EXPECT_EQ(got.calls[0].arguments, R"({"a": 1})");
  EXPECT_FALSE(named.ends_in_calls());
}

}  // namespace
}  // namespace troupe::engine
