#include <gtest/gtest.h>

#include "actors/engine_proxy/engine_prober.hpp"

namespace troupe::actors {
namespace {

TEST(model_cards, keeps_each_entry_as_the_engine_gave_it) {
  std::vector<model_card> cards;
  ASSERT_TRUE(read_model_cards(
      R"({"object":"list","data":[{"id":"a","max_model_len":8192},{"id":"b","x":[1]}]})", cards));
  ASSERT_EQ(cards.size(), 2U);
  EXPECT_EQ(cards[0].id, "a");
  EXPECT_EQ(cards[0].json, R"({"id":"a","max_model_len":8192})");
}

TEST(model_cards, passes_over_what_is_no_model) {
  std::vector<model_card> cards;
  EXPECT_TRUE(
      read_model_cards(R"({"data":[{"id":7},{"name":"x"},3,{"id":""},{"id":"ok"}]})", cards));
  ASSERT_EQ(cards.size(), 1U);
  EXPECT_EQ(cards[0].id, "ok");
}

TEST(model_cards, refuses_what_is_no_listing) {
  for (auto body : {"", "{", "[]", "{\"data\":{}}", "<html>", "\xff\xff"}) {
    std::vector<model_card> cards;
    EXPECT_FALSE(read_model_cards(body, cards)) << body;
  }
}

}  // namespace
}  // namespace troupe::actors
