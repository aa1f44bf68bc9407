#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/embedded/text/incremental_decoder.hpp"
#include "engine/embedded/text/stop_matcher.hpp"
#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {
namespace {

TEST(utf8, broken_sequences_become_replacements) {
  EXPECT_EQ(repair_utf8("a\xC3\xA9\xF0\x9D\x84\x9E"), "a\xC3\xA9\xF0\x9D\x84\x9E");
  EXPECT_EQ(repair_utf8("\x80"), "\uFFFD");
  EXPECT_EQ(repair_utf8("\xC0\xAF"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(repair_utf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(repair_utf8("\xE2\x82x"), "\uFFFDx");  // one maximal part
  EXPECT_EQ(repair_utf8("\xF0\x9F\x98"), "\uFFFD");
}

TEST(incremental_decoder, holds_back_half_characters) {
  incremental_decoder decoder;
  EXPECT_EQ(decoder.push("a\xF0"), "a");
  EXPECT_TRUE(decoder.pending());
  EXPECT_EQ(decoder.push("\x9F\x98"), "");
  EXPECT_EQ(decoder.push("\x80!"), "\xF0\x9F\x98\x80!");
  EXPECT_EQ(decoder.push("\xE2\x82"), "");
  EXPECT_EQ(decoder.push("z"), "\uFFFDz");
  EXPECT_EQ(decoder.push("\xC3"), "");
  EXPECT_EQ(decoder.flush(), "\uFFFD");
  EXPECT_EQ(decoder.flush(), "");
}

TEST(incremental_decoder, pieces_add_up_to_the_whole) {
  std::mt19937 random{3};
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    for (int i = 0; i < 40; ++i) {
      if (random() % 2 == 0) append_utf8(bytes, static_cast<char32_t>(random() % 0xD000));
      if (random() % 4 == 0) bytes += static_cast<char>(random());
    }
    incremental_decoder decoder;
    std::string out;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto step = 1 + random() % 4;
      out += decoder.push(std::string_view{bytes}.substr(at, step));
      EXPECT_EQ(repair_utf8(out), out);
      at += step;
    }
    EXPECT_EQ(out + decoder.flush(), repair_utf8(bytes));
  }
}

// Feeds a text in pieces of the given size; returns all that came out.
std::string filter(const std::vector<std::string>& stops, const std::string& text, std::size_t size,
                   bool include = false) {
  stop_matcher matcher{stops, include};
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) {
    auto outcome = matcher.push(std::string_view{text}.substr(at, size));
    out += outcome.text;
    if (outcome.stopped) return out + "#" + std::to_string(outcome.stop);
  }
  return out + matcher.flush();
}

TEST(stop_matcher, cuts_before_or_after_the_stop) {
  for (std::size_t size = 1; size < 12; ++size) {
    EXPECT_EQ(filter({"END"}, "text EENDing", size), "text E#0");
    EXPECT_EQ(filter({"END"}, "text EENDing", size, true), "text EEND#0");
    EXPECT_EQ(filter({"END"}, "text EN", size), "text EN");
    EXPECT_EQ(filter({"abab", "x"}, "abaabab", size), "aba#0");
    EXPECT_EQ(filter({"c", "abcd"}, "zabcd", size), "zab#0");    // the first to end
    EXPECT_EQ(filter({"bc", "abc", "c"}, "zabc", size), "z#1");  // the longest of those
    EXPECT_EQ(filter({"", "q"}, "no stop", size), "no stop");
    EXPECT_EQ(filter({}, "none", size), "none");
    EXPECT_EQ(filter({"\n\n"}, "a\nb\n\nc", size), "a\nb#0");
  }
}

TEST(stop_matcher, holds_back_only_what_may_become_a_stop) {
  stop_matcher matcher{{"<end>"}};
  EXPECT_EQ(matcher.push("text <").text, "text ");
  EXPECT_EQ(matcher.push("en").text, "");
  EXPECT_EQ(matcher.push("t").text, "<ent");
  EXPECT_EQ(matcher.push("<e").text, "");
  EXPECT_EQ(matcher.flush(), "<e");
  EXPECT_EQ(matcher.push("more").text, "");
}

TEST(stop_matcher, any_split_gives_the_same) {
  std::mt19937 random{11};
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> stops(1 + random() % 3);
    for (auto& stop : stops) {
      for (auto n = 1 + random() % 4; n > 0; --n) stop += "ab"[random() % 2];
    }
    std::string text;
    for (int i = 0; i < 14; ++i) text += "abc"[random() % 3];
    const auto whole = filter(stops, text, text.size());
    for (std::size_t size = 1; size < 6; ++size)
      ASSERT_EQ(filter(stops, text, size), whole) << text;
  }
}

}  // namespace
}  // namespace troupe::engine
