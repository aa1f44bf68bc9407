// The names a body gives: its session, and its model by an alias.
#include <gtest/gtest.h>

#include "actors/router/prompt_reader.hpp"

namespace troupe::actors {
namespace {

const prompt_reader_options options{.seed = {7}};

TEST(prompt_reader_names, takes_the_session_from_the_field_it_is_told) {
  auto with = options;
  with.session_field = "session_id";
  prompt_reader reader{with};
  const auto session = [&](const std::string& member) {
    return reader.read(prompt_kind::chat, R"({"model":"m",)" + member + "}")->session;
  };
  EXPECT_EQ(session(R"("user":"u","session_id":"s")"), "s");
  EXPECT_EQ(session(R"("user":"u")"), "");
  EXPECT_EQ(session(R"("session_id":7)"), "");
  EXPECT_EQ(session(R"("session_id":")" + std::string(2'000, 's') + "\""), "");
}

prompt_reader reader_with_aliases() {
  const std::vector<config::model_spec> models{{.name = "org/big", .aliases = {"gpt-4o"}}};
  auto with = options;
  with.names = std::make_shared<const model_names>(models);
  return prompt_reader{with};
}

TEST(prompt_reader_names, puts_the_model_in_place_of_its_alias) {
  auto reader = reader_with_aliases();
  const auto text = R"("messages":[{"role":"user","content":")" + std::string(1'000, 'x') + "\"}]}";
  const auto own = reader.read(prompt_kind::chat, R"({"model":"org/big",)" + text);
  const auto alias = reader.read(prompt_kind::chat, R"({"model":"gpt-4o",)" + text);
  ASSERT_TRUE(own && alias);
  EXPECT_EQ(alias->model, "org/big");
  EXPECT_EQ(alias->alias, "gpt-4o");
  EXPECT_EQ(own->alias, "");
  EXPECT_EQ(alias->chain, own->chain);  // one cache
}

TEST(prompt_reader_names, says_where_the_model_stands_to_the_byte) {
  auto reader = reader_with_aliases();
  for (const std::string body : {
           R"({"model":"gpt-4o"})",
           "{ \"x\" : [\"gpt-4o\"] ,\n\t\"model\"\t:  \"gpt-4o\"  , \"y\":1 }",
           R"({"model":"first","model":"gpt-4o","messages":[]})",
           R"({"m\u006fdel":"gpt\u002d4o","prompt":"\u00e4"})",
       }) {
    for (const bool roomy : {false, true}) {
      auto copy = body;
      if (roomy) copy.reserve(body.size() + 200);
      const auto facts = reader.read(prompt_kind::chat, copy);
      ASSERT_TRUE(facts) << body;
      const auto [at, size] = facts->model_at;
      EXPECT_EQ(with_model(body, facts->model_at, "M"),
                body.substr(0, at) + "\"M\"" + body.substr(at + size));
      const auto literal = body.substr(at, size);
      EXPECT_TRUE(literal == "\"gpt-4o\"" || literal == R"("gpt\u002d4o")") << literal;
    }
  }
}

}  // namespace
}  // namespace troupe::actors
