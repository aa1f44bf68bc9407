// The byte grammar: what it takes, and at which byte it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/embedded/grammar/schema_rig.hpp"

namespace troupe::engine::test {

namespace {

json_grammar grammar_of(std::string_view text) {
  return compiled(json::parse(text));
}

// A text over a bar "|" is refused at the byte behind the bar.
void expect_refused(const json_grammar& grammar, std::string marked) {
  const auto at = marked.find('|');
  marked.erase(at, 1);
  EXPECT_EQ(bytes_taken(grammar, marked), at) << marked;
}

void expect_taken(const json_grammar& grammar, std::initializer_list<std::string_view> texts) {
  for (const auto text : texts) EXPECT_TRUE(accepts(grammar, text)) << text;
}

// Ends a text from any state: prefers bytes that close, and never needs one that is refused.
std::string closing(const json_grammar& grammar, json_grammar::state state) {
  static constexpr std::string_view order = "\"}]0{[:,tnfrulsea123456789\\-";
  std::string text;
  while (!grammar.may_end(state) && text.size() < 100'000) {
    bool moved = false;
    for (int byte = -static_cast<int>(order.size()); byte < 256 && !moved; ++byte) {
      const auto b = byte < 0 ? static_cast<std::uint8_t>(order[order.size() + byte])
                              : static_cast<std::uint8_t>(byte);
      moved = grammar.advance(state, b);
      if (moved) text += static_cast<char>(b);
    }
    if (!moved) return "dead end after " + text;
  }
  return text;
}

}  // namespace

TEST(json_grammar, takes_strings_of_well_formed_utf8_and_escapes) {
  const auto grammar = grammar_of(R"({"type":"string"})");
  expect_taken(grammar, {R"("")", R"("a b")", "\"é漢😀\x7f\"", R"("\"\\\/\b\f\n\r\t")",
                         R"("\u00e9\uD83D\uDE00\ud7ff\uE000")", "\"\xF4\x8F\xBF\xBF\""});
  expect_refused(grammar, "|a");
  expect_refused(grammar, "\"\"|\"");
  expect_refused(grammar, "\"a|\n");
  expect_refused(grammar, "\"\\|x");
  expect_refused(grammar, "\"|\x80");
  expect_refused(grammar, "\"|\xC1");
  expect_refused(grammar, "\"\xE0|\x9F");
  expect_refused(grammar, "\"\xED|\xA0");
  expect_refused(grammar, "\"\xF0|\x8F");
  expect_refused(grammar, "\"\xF4|\x90");
  expect_refused(grammar, "\"\xC3|a");
  expect_refused(grammar, R"("\u00|g)");
  expect_refused(grammar, R"("\uD|C)");
  expect_refused(grammar, R"("\uD800|a)");
  expect_refused(grammar, R"("\uD800\|n)");
  expect_refused(grammar, R"("\uD800\uD|8)");
}

TEST(json_grammar, counts_characters_not_bytes) {
  const auto grammar = grammar_of(R"({"type":"string","minLength":2,"maxLength":3})");
  expect_taken(grammar, {R"("ab")", "\"é漢😀\"", R"("\n\uD83D\uDE00x")"});
  expect_refused(grammar, R"("a|")");
  expect_refused(grammar, R"("abc|d)");
  expect_refused(grammar, "\"é漢😀|\xC3");
  const auto long_text = grammar_of(R"({"type":"string","maxLength":100000})");
  EXPECT_TRUE(accepts(long_text, "\"" + std::string(100'000, 'a') + "\""));
  EXPECT_FALSE(accepts(long_text, "\"" + std::string(100'001, 'a') + "\""));
  EXPECT_LT(long_text.node_count(), 1'000U);
}

TEST(json_grammar, takes_numbers_of_bounded_length) {
  const auto grammar = grammar_of(R"({"type":"number"})");
  expect_taken(grammar, {"0", "-0", "12", "-1.50", "1e5", "1.25E-07", "0.1e+1"});
  expect_refused(grammar, "0|1");
  expect_refused(grammar, "-|.");
  expect_refused(grammar, "1.|e");
  expect_refused(grammar, "|+1");
  expect_refused(grammar, "1e10|0");
  expect_refused(grammar, "12345678901234567890|1");
  EXPECT_FALSE(accepts(grammar, "1."));
  EXPECT_FALSE(accepts(grammar, "-"));
  expect_refused(grammar_of(R"({"type":"number","minimum":0})"), "|-");
}

TEST(json_grammar, takes_exactly_the_integers_of_a_range) {
  const std::int64_t cases[][2] = {{0, 0},     {-3, 12},       {7, 7},     {95, 1003},
                                   {-120, -8}, {-1, 0},        {1, 999},   {-10, 10},
                                   {100, 200}, {-1000, -1000}, {189, 901}, {-99, 101}};
  for (const auto& [low, high] : cases) {
    const auto grammar = compiled({{"type", "integer"}, {"minimum", low}, {"maximum", high}});
    for (std::int64_t i = -1200; i <= 1200; ++i) {
      EXPECT_EQ(accepts(grammar, std::to_string(i)), low <= i && i <= high) << low << " " << i;
    }
    EXPECT_FALSE(accepts(grammar, "-0"));
    EXPECT_FALSE(accepts(grammar, "05"));
  }
  const auto all = grammar_of(R"({"type":"integer"})");
  expect_taken(all, {"9223372036854775807", "-9223372036854775808", "0"});
  expect_refused(all, "922337203685477580|8");
  expect_refused(all, "-922337203685477580|9");
  const auto open = grammar_of(R"({"type":"integer","exclusiveMinimum":1.5,"exclusiveMaximum":4})");
  expect_taken(open, {"2", "3"});
  expect_refused(open, "|4");
  expect_refused(open, "|1");
}

TEST(json_grammar, writes_properties_in_order_and_leaves_out_optional_ones) {
  const auto grammar = grammar_of(R"({"type":"object",
    "properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},"required":["b"]})");
  expect_taken(grammar, {R"({"b":null})", R"({"a":null,"b":null})", R"({"b":null,"c":null})",
                         R"({ "a": null, "b": null })", "{\n  \"b\": null\n}"});
  expect_refused(grammar, "{|}");
  expect_refused(grammar, R"({"a":null|})");
  expect_refused(grammar, R"({"|c)");
  expect_refused(grammar, R"({"b":null,"|a)");
  expect_refused(grammar, R"({"b":null,|})");
  expect_refused(grammar, R"({"b":null}|,)");
}

TEST(json_grammar, lets_further_members_follow_under_other_names) {
  const auto grammar = grammar_of(R"({"type":"object","properties":{"ab":{"type":"null"},"é":{}},
                                      "additionalProperties":{"type":"integer"}})");
  expect_taken(grammar, {R"({"ab":null,"abc":1,"a":2,"b\n":3,"":4})", R"({"ax\u0062":1,"è":2})"});
  EXPECT_EQ(bytes_taken(grammar, R"({"x":1,"ab":)"), 10U);
  EXPECT_EQ(bytes_taken(grammar, R"({"a\u0062":)"), 3U);
  EXPECT_EQ(bytes_taken(grammar, "{\"x\":1,\"é\":1"), 10U);
  EXPECT_EQ(bytes_taken(grammar, "{\"\xC3\x28"), 3U);
  expect_refused(grammar, R"({"x":|n)");
}

TEST(json_grammar, counts_items_and_keeps_the_first_ones_apart) {
  const auto counted = grammar_of(R"({"items":{"type":"integer"},"minItems":2,"maxItems":3})");
  expect_taken(counted, {"[1,2]", "[1, 2, 3]", "[ 1,\n  2\n]"});
  expect_refused(counted, "[|]");
  expect_refused(counted, "[1|]");
  expect_refused(counted, "[1,2,3|,");
  const auto prefixed = grammar_of(
      R"({"prefixItems":[{"type":"null"},{"type":"boolean"}],"items":{"type":"integer"}})");
  expect_taken(prefixed, {"[]", "[null]", "[null,true]", "[null,true,1,2]"});
  expect_refused(prefixed, "[|1");
  expect_refused(prefixed, "[null,|n");
  expect_refused(prefixed, "[null,true,|t");
  const auto closed = grammar_of(R"({"prefixItems":[{"type":"null"}],"items":false})");
  expect_taken(closed, {"[]", "[null]"});
  expect_refused(closed, "[null|,");
  expect_refused(grammar_of(R"({"type":"array","maxItems":0})"), "[|1");
}

TEST(json_grammar, takes_literals_and_unions) {
  const auto grammar = grammar_of(R"({"anyOf":[{"enum":["a","ab",[1,{"b":2}]]},{"const":null},
      {"type":["boolean","integer"]},{"properties":{"a":{"const":1}},"required":["a"]},
      {"properties":{"a":{"const":2},"b":{}},"required":["a"]}]})");
  expect_taken(grammar, {R"("a")", R"("ab")", R"([1,{"b":2}])", "null", "true", "-7", R"({"a":1})",
                         R"({"a":2,"b":[]})"});
  expect_refused(grammar, R"({"a":1|,)");
  expect_refused(grammar, R"("|b)");
}

TEST(json_grammar, takes_each_of_thousands_of_literals) {
  json schema{{"enum", json::array({"", nullptr, json::array()})}};
  for (int i = 0; i < 9000; ++i)
    schema["enum"].push_back(i % 2 == 0 ? json(i) : json(std::to_string(i)));
  const auto grammar = compiled(schema);
  for (const auto& value : schema["enum"]) EXPECT_TRUE(accepts(grammar, value.dump()));
  EXPECT_FALSE(accepts(grammar, "1"));
  EXPECT_FALSE(accepts(grammar, "\"2\""));
  EXPECT_FALSE(accepts(grammar, "nul"));
}

TEST(json_grammar, bounds_white_space) {
  const auto grammar = grammar_of(R"({"items":{"type":"null"}})");
  expect_taken(grammar, {"[\n" + std::string(32, ' ') + "null]", "[ null, null ]"});
  expect_refused(grammar, "[ | ");
  expect_refused(grammar, "[\n" + std::string(32, ' ') + "| ");
  expect_refused(grammar, "[\n|\n");
  expect_refused(grammar, "[|\t");
  expect_refused(grammar, "| []");
  expect_refused(grammar, "[]|\n");
  expect_refused(grammar, "[null |,");
  const auto any = json_grammar::compile(json_schema::any_object(), white_space::any);
  ASSERT_TRUE(any.engaged());
  EXPECT_TRUE(accepts(*any, "{ \t\r\n\n \"a\" \n : \t [ 1 , 2 ] }"));
}

TEST(json_grammar, closes_what_is_nested_too_deeply_instead_of_dying) {
  for (const char* text : {R"({"properties":{"v":{"type":"null"},"next":{"$ref":"#"}},
                              "required":["v"]})",
                           R"({})", R"({"items":{"$ref":"#"},"minItems":0})"}) {
    const auto grammar = grammar_of(text);
    auto state = grammar.start();
    std::string written;
    const std::string deeper = written + (text[2] == 'p' ? R"({"v":null,"next":)" : "[");
    for (std::size_t i = 0; i < 100'000; ++i) {
      if (!grammar.advance(state, static_cast<std::uint8_t>(deeper[i % deeper.size()]))) break;
      written += deeper[i % deeper.size()];
    }
    EXPECT_LT(written.size(), 10'000U);
    EXPECT_GT(written.size(), 40U);
    const auto whole = written + closing(grammar, state);
    EXPECT_TRUE(nlohmann::json::accept(whole)) << whole;
  }
}

TEST(json_grammar, takes_every_compact_text_of_random_schemas) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    schema_rig rig{seed};
    const auto schema = rig.schema();
    const auto grammar = compiled(schema);
    for (int i = 0; i < 5; ++i) {
      const auto value = rig.instance(schema, schema);
      ASSERT_TRUE(validates(schema, value, schema)) << seed << schema.dump() << value.dump();
      const auto text = value.dump();
      ASSERT_EQ(bytes_taken(grammar, text), text.size()) << seed << " " << schema.dump() << text;
      ASSERT_TRUE(accepts(grammar, text)) << seed << text;
      const auto pretty = value.dump(2);
      // Values of enum and const are written compactly.
      const bool has_literals = schema.dump().find("[1]") != std::string::npos;
      ASSERT_TRUE(has_literals || accepts(grammar, pretty)) << seed << pretty << schema.dump();
    }
  }
}

TEST(json_grammar, writes_only_valid_texts_and_always_can_end_them) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    schema_rig rig{seed};
    const auto schema = rig.schema();
    const auto grammar = compiled(schema);
    auto state = grammar.start();
    std::string text;
    for (std::size_t steps = rig.below(300); steps > 0; --steps) {
      const auto byte =
          static_cast<std::uint8_t>(rig.chance(70) ? 32 + rig.below(95) : rig.below(256));
      if (grammar.advance(state, byte)) text += static_cast<char>(byte);
    }
    text += closing(grammar, state);
    ASSERT_TRUE(accepts(grammar, text)) << seed << text;
    const auto value = json::parse(text, nullptr, false);
    ASSERT_FALSE(value.is_discarded()) << seed << text;
    ASSERT_TRUE(validates(schema, value, schema)) << seed << text << schema.dump();
  }
}

}  // namespace troupe::engine::test
