// A vocabulary for the scheduler rig's 40 tokens, and the forms its requests may be held to.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "engine/embedded/grammar/grammar_cache.hpp"
#include "tests/engine/embedded/grammar/schema_rig.hpp"
#include "tests/engine/embedded/serve/scheduler_rig.hpp"

namespace troupe::engine::test {

// Token 0 ends a text. No dead ends: each of the forms' bytes is a token of its own.
inline constexpr std::array<std::string_view, vocab> spelt{
    "",   "{",  "}",  "[",  "]",     ":",    ",",   "\"", "a",   "b",  "c",  "0",   "1",   "2",
    "9",  "-",  " ",  "t",  "r",     "u",    "e",   "n",  "l",   "f",  "s",  "{\"", "\":", "\",\"",
    "ab", "12", "}}", "[]", "\"a\"", "true", "\"]", "bc", "cab", "1,", ", ", "00"};

inline grammar_cache& rig_grammars() {
  static grammar_cache cache{
      std::make_shared<token_vocabulary>(spelt, std::vector<std::int32_t>{end_token})};
  return cache;
}

// Schemas whose texts consist of the rig's bytes.
inline const std::vector<json>& rig_schemas() {
  static const std::vector<json> schemas = [] {
    std::vector<json> list;
    for (const auto* text : {
             R"({"type":"object","properties":{"a":{"type":"integer","enum":[1,12,90]},
                 "b":{"type":"boolean"},"c":{"type":"string","maxLength":4}},
                 "required":["a","b"],"additionalProperties":false})",
             R"({"type":"array","items":{"type":"string","minLength":1,"maxLength":3},
                 "minItems":1,"maxItems":4})",
             R"({"enum":["a","ab","abc",1,null,[1,2],{"a":true}]})",
             R"({"$ref":"#/$defs/list","$defs":{"list":{"type":"object","properties":
                 {"a":{"enum":["a","b"]},"b":{"$ref":"#/$defs/list"}},"required":["a"],
                 "additionalProperties":false}}})",
             R"({"anyOf":[{"type":"null"},{"type":"array","items":{"enum":[0,1,12]},
                 "maxItems":3},{"const":"cab"}]})",
             R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"boolean"},
                 "minItems":2,"maxItems":2}},"required":["a"],
                 "additionalProperties":{"type":"string","maxLength":2}})",
         }) {
      list.push_back(json::parse(text));
    }
    return list;
  }();
  return schemas;
}

inline std::shared_ptr<grammar_program> rig_program(const json& schema) {
  auto made = rig_grammars().json_schema_program(schema);
  TROUPE_ASSERT(made);
  return *made;
}

inline std::string spell(std::span<const std::int32_t> tokens) {
  std::string text;
  for (const auto token : tokens) text += spelt.at(static_cast<std::size_t>(token));
  return text;
}

// Fails unless the text of an answer that ended by itself satisfies its schema, and that of any
// other begins such a text.
inline void expect_in_form(const outcome& got, const json& schema) {
  const auto text = spell(got.tokens);
  const auto grammar = compiled(schema);
  ASSERT_EQ(bytes_taken(grammar, text), text.size()) << text;
  if (got.finish != finish_reason::stop || got.stop_token) return;
  const auto value = json::parse(text, nullptr, false);
  ASSERT_FALSE(value.is_discarded()) << text;
  ASSERT_TRUE(validates(schema, value, schema)) << text << " " << schema.dump();
}

}  // namespace troupe::engine::test
