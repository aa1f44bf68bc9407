// What is left of a JSON text without its long strings, and how these are found again.
#include "actors/router/json_outline.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

constexpr auto long_bytes = json_outline::long_literal_bytes;

std::string quoted(const std::string& literal) {
  return '"' + literal + '"';
}

std::string text_of(std::size_t bytes, char letter = 'x') {
  return std::string(bytes, letter);
}

// A text long enough to be outlined, with these members and one more.
std::string object_with(const std::string& members) {
  return "{" + members + R"(,"last":)" + quoted(text_of(2 * long_bytes)) + "}";
}

// The literals of a JSON text, read one character at a time.
std::vector<std::string_view> literals_of(std::string_view json) {
  std::vector<std::string_view> found;
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] != '"') continue;
    const auto begin = ++at;
    while (json[at] != '"') at += json[at] == '\\' ? 2 : 1;
    found.push_back(json.substr(begin, at - begin));
  }
  return found;
}

TEST(json_outline, leaves_out_what_is_long_and_knows_it_still) {
  const auto value = text_of(long_bytes, 'v'), key = text_of(long_bytes + 1, 'k');
  const auto text =
      object_with(R"("a":1,"b":)" + quoted(value) + "," + quoted(key) + R"(:"","c":"d")");
  json_outline outline;
  ASSERT_TRUE(outline.read(text));
  EXPECT_EQ(outline.json(), R"({"a":1,"b":"","":"","c":"d","last":""})");
  const auto literals = literals_of(outline.json());
  ASSERT_EQ(literals.size(), 9u);
  EXPECT_EQ(outline.original(literals[2]), value);
  EXPECT_EQ(outline.original(literals[3]), key);
  EXPECT_EQ(outline.original(literals[4]), "");
  EXPECT_EQ(outline.original(literals[5]), "c");
}

TEST(json_outline, leaves_a_short_text_or_one_of_short_strings_as_it_is) {
  auto text = "{\"a\":" + quoted(text_of(long_bytes)) + "}";
  json_outline outline;
  ASSERT_TRUE(outline.read(text));
  EXPECT_EQ(outline.json(), text);
  text = "[" + quoted(text_of(long_bytes - 1)) + "," + quoted(text_of(long_bytes - 1)) + "]";
  ASSERT_TRUE(outline.read(text));
  EXPECT_EQ(outline.json(), text);
}

TEST(json_outline, has_room_behind_what_is_to_be_parsed) {
  json_outline outline;
  for (auto text : {std::string{"{}"}, object_with("\"a\":1")}) {
    text.shrink_to_fit();
    ASSERT_TRUE(outline.read(text));
    EXPECT_GE(outline.capacity(), outline.json().size() + 64);
  }
}

TEST(json_outline, refuses_what_no_string_may_hold) {
  const auto half = text_of(long_bytes);
  const auto accepts = [&half](const std::string& middle) {
    json_outline outline;
    return outline.read("[" + quoted(half + middle + half) + "]");
  };
  EXPECT_TRUE(accepts(""));
  EXPECT_TRUE(accepts(" \x7f\u00e9\u20ac\U0001f600"));
  EXPECT_TRUE(accepts(R"(\"[\\)"));
  EXPECT_FALSE(accepts("\n"));
  EXPECT_FALSE(accepts("\x1f"));
  EXPECT_FALSE(accepts(std::string(1, '\0')));
  EXPECT_FALSE(accepts("\x80"));
  EXPECT_FALSE(accepts("\xff"));
  EXPECT_FALSE(accepts("\xc3"));
  EXPECT_FALSE(accepts("\xed\xa0\x80"));  // a surrogate
}

TEST(json_outline, refuses_a_string_without_an_end) {
  json_outline outline;
  EXPECT_FALSE(outline.read("[\"" + text_of(3 * long_bytes)));
  EXPECT_FALSE(outline.read("[\"" + text_of(3 * long_bytes) + "\\\""));
  EXPECT_FALSE(outline.read(text_of(3 * long_bytes, ' ') + "\""));
}

std::string random_literal(std::mt19937& random) {
  static const std::vector<std::string> pieces{"a", "\\\\", "\\\"", "\u20ac", "{", "]", ":", " "};
  const bool is_long = random() % 3 == 0;
  const auto bytes = is_long ? long_bytes - 2 + random() % 40 : random() % 20;
  std::string literal;
  while (literal.size() < bytes) literal += pieces[random() % pieces.size()];
  return literal;
}

TEST(json_outline, gives_back_every_literal_of_random_texts) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  json_outline outline;
  for (int round = 0; round < 300; ++round) {
    std::string text = "[";
    for (auto count = random() % 30; count > 0; --count) {
      text += quoted(random_literal(random)) + (random() % 2 == 0 ? "," : " ,\n");
    }
    text += "0]";
    ASSERT_TRUE(outline.read(text));
    const auto expected = literals_of(text);
    const auto left = literals_of(outline.json());
    ASSERT_EQ(left.size(), expected.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto literal = outline.original(left[i]);
      ASSERT_EQ(literal, expected[i]);
      ASSERT_EQ(outline.position(literal),
                static_cast<std::size_t>(expected[i].data() - text.data()));
    }
  }
}

}  // namespace
}  // namespace troupe::actors
