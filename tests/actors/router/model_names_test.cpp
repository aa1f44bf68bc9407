// Aliases of models, and a body that names another model.
#include "actors/router/model_names.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace troupe::actors {
namespace {

TEST(model_names, finds_the_model_of_an_alias_and_of_nothing_else) {
  const std::vector<config::model_spec> models{{.name = "org/big", .aliases = {"gpt-4o", "large"}},
                                               {.name = "small"}};
  const model_names names{models};
  ASSERT_NE(names.find("gpt-4o"), nullptr);
  EXPECT_EQ(*names.find("gpt-4o"), "org/big");
  EXPECT_EQ(*names.find("large"), "org/big");
  EXPECT_EQ(names.find("org/big"), nullptr);
  EXPECT_EQ(names.find("small"), nullptr);
  EXPECT_EQ(names.find(""), nullptr);
  EXPECT_EQ(names.aliases().size(), 2u);
}

TEST(model_names, replaces_exactly_the_value) {
  const std::string body = R"({ "a":"gpt-4o", "model" :	"gpt-4o"  ,"x":[1]})";
  const auto at = body.rfind("\"gpt-4o\"");
  EXPECT_EQ(with_model(body, {at, 8}, "org/big"),
            R"({ "a":"gpt-4o", "model" :	"org/big"  ,"x":[1]})");
  EXPECT_EQ(with_model(body, {at, 8}, "a\"b\\"),
            R"({ "a":"gpt-4o", "model" :	"a\"b\\"  ,"x":[1]})");
}

TEST(model_names, a_card_under_another_name_keeps_all_else) {
  const std::string card = R"({"id":"org/big","object":"model","root":"/w","max_model_len":4096})";
  EXPECT_EQ(renamed_card(card, "gpt-4o"),
            R"({"id":"gpt-4o","object":"model","root":"/w","max_model_len":4096})");
  const auto made = nlohmann::json::parse(renamed_card("no json", "x\"y"));
  EXPECT_EQ(made["id"], "x\"y");
  EXPECT_EQ(made["object"], "model");
}

}  // namespace
}  // namespace troupe::actors
