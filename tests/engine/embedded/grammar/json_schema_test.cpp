// What of JSON Schema is read, and that nothing else is dropped in silence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/embedded/grammar/json_grammar.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;
using testing::HasSubstr;

caf::error error_of(std::string_view text) {
  const auto schema = json::parse(text);
  auto read = json_schema::read(schema);
  if (!read) return read.error();
  auto grammar = json_grammar::compile(*read);
  return grammar ? caf::error{} : grammar.error();
}

void expect_error(std::string_view text, errc code, const std::string& sentence) {
  const auto error = error_of(text);
  ASSERT_TRUE(error) << text;
  EXPECT_EQ(failure_code(error, errc::io_error), code) << text << failure_text(error);
  EXPECT_THAT(failure_text(error), HasSubstr(sentence)) << text;
}

}  // namespace

TEST(json_schema, names_the_unsupported_keyword_by_its_pointer) {
  const auto unsupported = errc::unsupported;
  expect_error(R"({"type":"object","properties":{"a/b":{"not":{}}}})", unsupported,
               "#/properties/a~1b/not");
  expect_error(R"({"type":"string","pattern":"a"})", unsupported, "#/pattern");
  expect_error(R"({"type":"array","items":{"multipleOf":2}})", unsupported, "#/items/multipleOf");
  expect_error(R"({"patternProperties":{}})", unsupported, "#/patternProperties");
  expect_error(R"({"anyOf":[{},{"if":true}]})", unsupported, "#/anyOf/1/if");
  expect_error(R"({"type":"array","uniqueItems":true})", unsupported, "#/uniqueItems");
  expect_error(R"({"type":"number","minimum":1})", unsupported, "#/minimum");
  expect_error(R"({"type":"number","maximum":0})", unsupported, "#/maximum");
  expect_error(R"({"type":"integer","maximum":1e19})", unsupported, "#/maximum");
  expect_error(R"({"enum":["a"],"minLength":2})", unsupported, "#/enum");
  expect_error(R"({"items":[{}]})", unsupported, "#/items");
  expect_error(R"({"$ref":"#/$defs/a","type":"object","$defs":{"a":{}}})", unsupported, "#/$ref");
  expect_error(R"({"$ref":"http://x/y"})", unsupported, "#/$ref");
  expect_error(R"({"made-up":1})", unsupported, "#/made-up");
}

TEST(json_schema, refuses_what_is_no_schema) {
  const auto invalid = errc::invalid_request;
  expect_error("[]", invalid, "must be an object or a boolean");
  expect_error(R"({"type":"text"})", invalid, "#/type");
  expect_error(R"({"type":[]})", invalid, "#/type");
  expect_error(R"({"type":7})", invalid, "#/type");
  expect_error(R"({"properties":[]})", invalid, "#/properties");
  expect_error(R"({"required":"a"})", invalid, "#/required");
  expect_error(R"({"required":[1]})", invalid, "#/required");
  expect_error(R"({"minItems":-1})", invalid, "#/minItems");
  expect_error(R"({"maxLength":1.5})", invalid, "#/maxLength");
  expect_error(R"({"type":"integer","minimum":"1"})", invalid, "#/minimum");
  expect_error(R"({"anyOf":[]})", invalid, "#/anyOf");
  expect_error(R"({"allOf":{}})", invalid, "#/allOf");
  expect_error(R"({"enum":1})", invalid, "#/enum");
  expect_error(R"({"prefixItems":{}})", invalid, "#/prefixItems");
  expect_error(R"({"$ref":"#/$defs/none"})", invalid, "#/$ref names nothing");
  expect_error(R"({"items":{"items":3}})", invalid, "#/items/items");
}

TEST(json_schema, refuses_a_schema_that_no_text_satisfies) {
  const std::string none = "no JSON text";
  expect_error("false", errc::invalid_request, none);
  expect_error(R"({"enum":[]})", errc::invalid_request, none);
  expect_error(R"({"enum":["a"],"type":"integer"})", errc::invalid_request, none);
  expect_error(R"({"type":"integer","minimum":3,"maximum":2})", errc::invalid_request, none);
  expect_error(R"({"type":"array","minItems":3,"maxItems":2})", errc::invalid_request, none);
  expect_error(R"({"type":"string","minLength":3,"maxLength":2})", errc::invalid_request, none);
  expect_error(R"({"properties":{"a":{"$ref":"#"}},"required":["a"]})", errc::invalid_request,
               none);
  expect_error(R"({"required":["a"],"additionalProperties":false})", errc::invalid_request, none);
}

TEST(json_schema, refuses_references_that_lead_in_a_circle) {
  const std::string circle = "leads back to itself";
  expect_error(R"({"$ref":"#"})", errc::unsupported, circle);
  expect_error(R"({"anyOf":[{"type":"null"},{"$ref":"#"}]})", errc::unsupported, circle);
  expect_error(R"({"items":{"$ref":"#/$defs/a"},
                   "$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})",
               errc::unsupported, circle);
  // The same target twice is no circle.
  EXPECT_FALSE(error_of(R"({"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],
                            "$defs":{"a":{"type":"null"}}})"));
}

TEST(json_schema, keeps_its_bounds) {
  json deep = {{"type", "null"}};
  for (int i = 0; i < 70; ++i) deep = {{"items", deep}};
  expect_error(deep.dump(), errc::invalid_request, "levels deep");
  json nested = 1;
  for (std::size_t i = 0; i <= json_schema::json_depth_max; ++i) nested = json::array({nested});
  expect_error(json{{"enum", nested}}.dump(), errc::invalid_request, "levels deep");
  json wide{{"properties", json::object()}};
  for (std::size_t i = 0; i <= json_schema::nodes_max; ++i) {
    wide["properties"]["p" + std::to_string(i)] = true;
  }
  expect_error(wide.dump(), errc::invalid_request, "schemas");
  json many{{"enum", json::array()}};
  for (std::size_t i = 0; i <= json_schema::literals_max; ++i) many["enum"].push_back(i);
  expect_error(many.dump(), errc::invalid_request, "values");
  expect_error(json{{"const", std::string(byte_automaton::nodes_max, 'x')}}.dump(),
               errc::invalid_request, "nodes");
}

TEST(json_schema, merges_all_of_only_where_it_is_a_union_of_keywords) {
  EXPECT_FALSE(error_of(R"({"allOf":[{"properties":{"a":{}},"required":["a"]},
                                     {"properties":{"b":{}},"required":["a","b"]}]})"));
  EXPECT_FALSE(error_of(R"({"description":"d","allOf":[{"$ref":"#/$defs/x"}],"$defs":{"x":{}}})"));
  expect_error(R"({"allOf":[{"type":"string"},{"type":"null"}]})", errc::unsupported, "on type");
  expect_error(R"({"allOf":[{"properties":{"a":{}},"additionalProperties":false},
                            {"properties":{"b":{}}}]})",
               errc::unsupported, "additionalProperties");
  expect_error(R"({"type":"object","anyOf":[{"type":"string"}]})", errc::unsupported, "#/anyOf");
  expect_error(R"({"allOf":[true]})", errc::unsupported, "#/allOf");
}

}  // namespace troupe::engine
