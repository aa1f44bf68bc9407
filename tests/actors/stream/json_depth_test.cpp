#include "actors/stream/json_depth.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

std::string nested(std::size_t levels) {
  std::string out;
  for (std::size_t i = 0; i < levels; ++i) out += i % 2 == 0 ? R"({"a":)" : "[";
  out += "1";
  for (std::size_t i = levels; i > 0; --i) out += (i - 1) % 2 == 0 ? "}" : "]";
  return out;
}

TEST(json_depth, counts_levels) {
  for (std::size_t levels = 1; levels < 100; ++levels) {
    EXPECT_FALSE(nests_deeper(nested(levels), levels)) << levels;
    EXPECT_TRUE(nests_deeper(nested(levels), levels - 1)) << levels;
  }
}

TEST(json_depth, siblings_do_not_add_up) {
  std::string many = "[";
  for (int i = 0; i < 1'000; ++i) many += R"({"a":[]},)";
  EXPECT_FALSE(nests_deeper(many + "1]", 3));
}

TEST(json_depth, brackets_in_strings_do_not_count) {
  EXPECT_FALSE(nests_deeper(R"({"a":"[[[[{{{{"})", 1));
  EXPECT_FALSE(nests_deeper(R"({"a":"\"[[[[","b\\":"[[[","c":"\\\"[["})", 1));
  EXPECT_TRUE(nests_deeper(R"({"a":"\\",[[1]]})", 2));
  EXPECT_FALSE(nests_deeper(R"(["[[[[)", 1));    // a string without an end
  EXPECT_FALSE(nests_deeper(R"(["[[[[\")", 1));  // nor here
}

TEST(json_depth, a_known_string_is_skipped_whole) {
  const std::string json = R"({"a":"[[\"[[","b":[1]})";
  const body_place known{json.find("[["), std::string_view{R"([[\"[[)"}.size()};
  EXPECT_FALSE(nests_deeper(json, 2, known));
  EXPECT_TRUE(nests_deeper(json, 1, known));
  // It is taken at its word: what is said to be within it does not count.
  EXPECT_FALSE(nests_deeper(json, 1, {known.at, json.size() - known.at - 3}));
}

TEST(json_depth, a_flood_of_brackets_ends_at_the_limit) {
  EXPECT_TRUE(nests_deeper(std::string(10'000'000, '['), 64));
  EXPECT_FALSE(nests_deeper(std::string(1'000'000, ']'), 64));
  EXPECT_FALSE(nests_deeper("", 1));
}

// Against a reading of one character at a time.
TEST(json_depth, agrees_with_a_plain_reading_of_random_texts) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    const auto length = random() % 60;
    for (std::size_t i = 0; i < length; ++i) text += R"([]{}""\\a,)"[random() % 10];
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (in_string && c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = !in_string;
      } else if (!in_string && (c == '[' || c == '{')) {
        deepest = std::max(deepest, ++depth);
      } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
        --depth;
      }
    }
    EXPECT_FALSE(nests_deeper(text, deepest)) << text;
    EXPECT_TRUE(deepest == 0 || nests_deeper(text, deepest - 1)) << text;
  }
}

}  // namespace
}  // namespace troupe::actors
