// Tool calls: forced by schema, found again in text however it is cut.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/embedded/grammar/tool_call_parser.hpp"
#include "tests/engine/embedded/grammar/schema_rig.hpp"

namespace troupe::engine::test {

namespace {

using kind = tool_piece::kind;

const tool_format hermes{tool_syntax::hermes, "call-", ""};
const tool_format plain_json{tool_syntax::json, "call-", ""};

// Pieces one after the other as text, so that cuts within arguments or content do not show.
std::string shown(const std::vector<tool_piece>& pieces) {
  std::string text;
  auto last = kind::call_start;
  for (const auto& p : pieces) {
    static constexpr std::string_view names[] = {"content:", "call:", "arguments:", "broken:"};
    if (p.what != last || p.what == kind::call_start || p.what == kind::broken) {
      text += "\n" + std::string{names[static_cast<std::size_t>(p.what)]};
      if (p.what == kind::call_start) text += std::to_string(p.index) + ":" + p.id + ":";
    }
    last = p.what;
    text += p.text;
  }
  return text;
}

std::string parsed_in_parts(const std::string& text, const tool_format& format,
                            const std::vector<std::size_t>& cuts) {
  tool_call_parser parser{format};
  std::vector<tool_piece> pieces;
  std::size_t from = 0;
  const auto take = [&](std::vector<tool_piece> more) {
    pieces.insert(pieces.end(), more.begin(), more.end());
  };
  for (const auto cut : cuts) {
    take(parser.push(text.substr(from, cut - from)));
    from = cut;
  }
  take(parser.push(text.substr(from)));
  take(parser.finish());
  return shown(pieces);
}

void expect_calls(const std::string& text, const tool_format& format, const std::string& content,
                  const std::vector<std::pair<std::string, std::string>>& calls) {
  const auto parsed = parse_tool_calls(text, format);
  EXPECT_EQ(parsed.content, content) << text;
  ASSERT_EQ(parsed.calls.size(), calls.size()) << text;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(parsed.calls[i].name, calls[i].first) << text;
    EXPECT_EQ(parsed.calls[i].arguments, calls[i].second) << text;
  }
}

json tools() {
  return json::parse(R"([{"type":"function","function":{"name":"f","parameters":{
      "type":"object","properties":{"x":{"$ref":"#/$defs/n"}},"required":["x"],
      "$defs":{"n":{"type":"integer"}}}}},
    {"type":"function","function":{"name":"g"}}])");
}

}  // namespace

TEST(tool_calls, finds_hermes_calls) {
  expect_calls("no call <b>", hermes, "no call <b>", {});
  expect_calls(
      "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": [1, \"}\"]}}\n"
      "</tool_call>",
      hermes, "Let me see.\n", {{"f", R"({"x": [1, "}"]})"}});
  expect_calls(R"(<tool_call>{"name":"f","arguments":{}}</tool_call>
<tool_call>{"name":"g","parameters":{"a":{}}}</tool_call>)",
               hermes, "", {{"f", "{}"}, {"g", R"({"a":{}})"}});
  expect_calls(R"(<tool_call>{"arguments": {"a": 1}, "name": "f"}</tool_call> done)", hermes,
               " done", {{"f", R"({"a":1})"}});
  expect_calls(R"(<tool_call>{"name":"f","arguments":"{\"a\": 1}"}</tool_call>)", hermes, "",
               {{"f", R"({"a": 1})"}});
  expect_calls(R"(<tool_call>{"name":"f","arguments":{},"id":7}</tool_call>)", hermes, "",
               {{"f", "{}"}});
  expect_calls(R"(<tool_call>{"name":"f","arguments":{}}<tool_call>{"name":"g","arguments":{}})",
               hermes, "", {{"f", "{}"}, {"g", "{}"}});
  expect_calls(R"(<<tool_call>{"name":"f","arguments":{}})", hermes, "<", {{"f", "{}"}});
}

TEST(tool_calls, finds_json_calls) {
  expect_calls(R"({"name": "f", "parameters": {"x": 1}})", plain_json, "", {{"f", R"({"x": 1})"}});
  expect_calls(
      " [{\"name\":\"f\",\"parameters\":{}},\n {\"name\":\"g\",\"arguments\":{\"a\":2}}]\n",
      plain_json, "", {{"f", "{}"}, {"g", R"({"a":2})"}});
  expect_calls(R"({"name":"f","parameters":{}}; {"name":"g","parameters":{}})", plain_json, "",
               {{"f", "{}"}, {"g", "{}"}});
  expect_calls("Hello {\"name\":\"f\"}", plain_json, "Hello {\"name\":\"f\"}", {});
  expect_calls(R"({"name":"f","parameters":{}} and so on)", plain_json, " and so on",
               {{"f", "{}"}});
}

TEST(tool_calls, malformed_calls_are_content) {
  for (const std::string text :
       {"<tool_call>", "<tool_call> f(1)", "<tool_call>{\"name\": \"f\"}</tool_call>",
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": oops}}</tool_call>",
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": 1}", "<tool_call>{\"name\": \"f\", ",
        "<tool_call>{\"name\": \"f\" \"arguments\": {}}</tool_call>", "a <tool_cal", "  ",
        "<tool_call>{\"name\": \"f\", \"arguments\": {}, oops}</tool_call>",
        "<tool_call>{\"name\": \"\", \"arguments\": {}}", "<tool_call>{\"arguments\": {}}",
        "<tool_call>{\"name\": \"f\", \"arguments\": {}, "}) {
    const auto parsed = parse_tool_calls(text, hermes);
    EXPECT_THAT(parsed.calls, testing::IsEmpty()) << text;
    EXPECT_EQ(parsed.content, text);
  }
  for (const std::string text : {"{\"answer\": 42}", "[1, 2]", "[", "  ", "{\"name\": \"f\"}",
                                 "[[{\"name\"", "{\"name\": \"f\", \"parameters\": {\"x\":]}",
                                 "[{\"name\": \"f\", \"parameters\": 1}]", "\"text\""}) {
    const auto parsed = parse_tool_calls(text, plain_json);
    EXPECT_THAT(parsed.calls, testing::IsEmpty()) << text;
    EXPECT_EQ(parsed.content, text);
  }
  expect_calls(
      R"(<tool_call>{"name": oops}</tool_call><tool_call>{"name":"f","arguments":{}}</tool_call>)",
      hermes, R"(<tool_call>{"name": oops}</tool_call>)", {{"f", "{}"}});
}

TEST(tool_calls, a_cut_changes_nothing) {
  const std::vector<std::string> texts{
      "Hi <tool_call>\n{\"name\": \"f\", \"arguments\": {\"é\": \"</tool_call>\"}}\n</tool_call>\n "
      "x",
      R"(<tool_call>{"arguments":{"a":[]},"name":"f"}</tool_call>)"
      R"(<tool_call>{"name":"g"}</tool_call>)",
      R"( [{"name":"f","parameters":{"a":{"b":"\"{"}}}, {"name":"g","parameters":{}}] tail)",
      R"({"name":"f","parameters":{"a":!}} more <tool_call>)", "< <tool <tool_call <tool_call>{"};
  schema_rig rig{7};
  for (const auto& text : texts) {
    for (const auto& format : {hermes, plain_json, tool_format{tool_syntax::arguments, "c", "f"}}) {
      const auto whole = parsed_in_parts(text, format, {});
      std::vector<std::size_t> all;
      for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        all.push_back(cut);
        EXPECT_EQ(parsed_in_parts(text, format, {cut}), whole) << text << cut;
      }
      EXPECT_EQ(parsed_in_parts(text, format, all), whole);
      for (int i = 0; i < 20; ++i) {
        std::vector<std::size_t> cuts{rig.below(text.size()), rig.below(text.size())};
        std::sort(cuts.begin(), cuts.end());
        EXPECT_EQ(parsed_in_parts(text, format, cuts), whole);
      }
    }
  }
}

TEST(tool_calls, any_text_of_marker_parts_is_cut_anywhere) {
  static const std::vector<std::string> parts{"<tool_call>",
                                              "</tool_call>",
                                              "{\"name\":\"f\",",
                                              "\"arguments\":",
                                              "{",
                                              "}",
                                              " ",
                                              "\n",
                                              "x",
                                              "<",
                                              "[",
                                              "]",
                                              ",",
                                              "{\"name\":\"f\",\"arguments\":{\"a\":1}}",
                                              "\"",
                                              "\\",
                                              "<tool_"};
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    schema_rig rig{seed};
    std::string text;
    for (auto count = rig.below(14); count > 0; --count) text += parts[rig.below(parts.size())];
    const auto& format = rig.chance(50) ? hermes : plain_json;
    const auto cut = rig.below(text.size() + 1);
    ASSERT_EQ(parsed_in_parts(text, format, {cut}), parsed_in_parts(text, format, {})) << text;
    for (const auto& call : parse_tool_calls(text, format).calls) {
      ASSERT_EQ(call.name, "f");
      ASSERT_TRUE(json::parse(call.arguments, nullptr, false).is_object()) << text;
    }
  }
}

TEST(tool_calls, streams_arguments_as_they_come) {
  tool_call_parser parser{hermes};
  EXPECT_EQ(shown(parser.push("Hi <tool_")), "\ncontent:Hi ");
  EXPECT_EQ(shown(parser.push("call>{\"name\": \"f\", \"argum")), "");
  EXPECT_EQ(shown(parser.push("ents\": {\"x\"")), "\ncall:0:call-0:f\narguments:{\"x\"");
  EXPECT_EQ(shown(parser.push(": 1}")), "\narguments:: 1}");
  EXPECT_EQ(shown(parser.push("}</tool_call>\n")), "");
  EXPECT_EQ(parser.call_count(), 1U);
  EXPECT_EQ(
      shown(parser.push("<tool_call>{\"name\": \"g\", \"arguments\": {1")),
      "\ncall:1:call-1:g\narguments:{\nbroken:<tool_call>{\"name\": \"g\", \"arguments\": {1");
  EXPECT_EQ(shown(parser.finish()), "");
}

TEST(tool_calls, keeps_its_bounds) {
  const auto filler = std::string(tool_call_parser::call_bytes_max, ' ');
  const auto endless = "<tool_call>" + filler + "{\"name\":\"f\",\"arguments\":{}}";
  EXPECT_EQ(parse_tool_calls(endless, hermes).content, endless);
  const auto header = "<tool_call>{\"x\":\"" + filler + "\",\"name\":\"f\",\"arguments\":{}}";
  EXPECT_EQ(parse_tool_calls(header, hermes).content, header);
  const auto deep = "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":" + std::string(30'000, '[');
  EXPECT_EQ(parse_tool_calls(deep, hermes).content, deep);
  std::string many;
  for (std::size_t i = 0; i < tool_call_parser::calls_max + 2; ++i) {
    many += R"(<tool_call>{"name":"f","arguments":{}}</tool_call>)";
  }
  EXPECT_EQ(parse_tool_calls(many, hermes).calls.size(), tool_call_parser::calls_max);
}

TEST(tool_choice, is_read_beside_its_tools) {
  const auto read = [](const char* choice, const json& given) {
    return read_tool_choice(json::parse(choice), given);
  };
  EXPECT_EQ(read("null", nullptr)->kind, tool_choice_kind::none);
  EXPECT_EQ(read("null", tools())->kind, tool_choice_kind::automatic);
  EXPECT_EQ(read("\"none\"", tools())->kind, tool_choice_kind::none);
  EXPECT_EQ(read("\"auto\"", tools())->kind, tool_choice_kind::automatic);
  EXPECT_EQ(read("\"required\"", tools())->kind, tool_choice_kind::required);
  const auto named = read(R"({"type":"function","function":{"name":"g"}})", tools());
  ASSERT_TRUE(named.engaged());
  EXPECT_EQ(named->kind, tool_choice_kind::named);
  EXPECT_EQ(named->name, "g");
  for (const char* wrong : {"\"some\"", "1", "{}", R"({"function":{"name":"h"}})"}) {
    EXPECT_FALSE(read(wrong, tools()).engaged()) << wrong;
  }
  EXPECT_FALSE(read("\"required\"", json::array()).engaged());
  EXPECT_FALSE(read("null", json::object()).engaged());
}

TEST(tool_choice, forces_calls_by_schema) {
  const auto any = forced_call_schema({tool_choice_kind::required, ""}, tools());
  ASSERT_TRUE(any.engaged());
  const auto grammar = compiled(*any);
  const std::string text =
      R"([{"name":"f","parameters":{"x":3}},{"name":"g","parameters":{"q":1}}])";
  EXPECT_TRUE(accepts(grammar, text));
  EXPECT_FALSE(accepts(grammar, "[]"));
  EXPECT_FALSE(accepts(grammar, R"([{"name":"f","parameters":{"x":"3"}}])"));
  EXPECT_FALSE(accepts(grammar, R"([{"name":"h","parameters":{}}])"));
  expect_calls(text, plain_json, "", {{"f", R"({"x":3})"}, {"g", R"({"q":1})"}});

  const auto named = forced_call_schema({tool_choice_kind::named, "f"}, tools());
  ASSERT_TRUE(named.engaged());
  EXPECT_TRUE(accepts(compiled(*named), R"({"x":3})"));
  expect_calls(R"({"x":3})", {tool_syntax::arguments, "call-", "f"}, "", {{"f", R"({"x":3})"}});

  EXPECT_FALSE(forced_call_schema({tool_choice_kind::named, "h"}, tools()).engaged());
  EXPECT_FALSE(forced_call_schema({tool_choice_kind::automatic, ""}, tools()).engaged());
  EXPECT_FALSE(forced_call_schema({tool_choice_kind::required, ""}, json::array()).engaged());
  EXPECT_FALSE(forced_call_schema({tool_choice_kind::required, ""}, json::array({json::object()}))
                   .engaged());
}

}  // namespace troupe::engine::test
