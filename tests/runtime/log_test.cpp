#include "runtime/log.hpp"

#include <cmath>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "runtime/log_line.hpp"

namespace troupe::log {
namespace {

std::string text(std::string_view message, std::initializer_list<kv> fields = {},
                 std::string_view node = "") {
  return text_line({level::info, message, node, fields});
}

std::string json(std::string_view message, std::initializer_list<kv> fields = {},
                 std::string_view node = "") {
  return json_line({level::warn, message, node, fields});
}

TEST(log_line, text_quotes_only_what_needs_it) {
  EXPECT_EQ(text("up", {{"port", 80}, {"name", "router"}, {"ready", true}}),
            "info  up port=80 name=router ready=true");
  EXPECT_EQ(text("x", {{"a", "two words"}, {"b", ""}, {"c", "k=v"}, {"d", "say \"hi\""}}),
            R"(info  x a="two words" b="" c="k=v" d="say \"hi\"")");
  EXPECT_EQ(text("x", {{"a", "line\nbreak"}}), R"(info  x a="line\nbreak")");
  EXPECT_EQ(text("two\nlines", {}, "node-0"), "info  node-0: two lines");
}

TEST(log_line, json_is_escaped) {
  EXPECT_EQ(
      json("up", {{"port", 80}, {"name", "router"}, {"ready", false}}, "node-0"),
      R"("level":"warn","message":"up","node":"node-0","port":80,"name":"router","ready":false)");
  EXPECT_EQ(json("a\"b\\c\n\t\r\x01\x7f"),
            R"("level":"warn","message":"a\"b\\c\n\t\r\u0001\u007f")");
}

TEST(log_line, json_keeps_utf_8_and_replaces_what_is_not) {
  EXPECT_EQ(json("größe 漢 😀"), "\"level\":\"warn\",\"message\":\"größe 漢 😀\"");
  const std::string bad = "\xEF\xBF\xBD";
  for (const std::string_view malformed :
       {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8", "\xC3"}) {
    const auto line = json(malformed);
    EXPECT_NE(line.find(bad), std::string::npos);
    EXPECT_EQ(line.find(malformed), std::string::npos);
  }
}

TEST(log_line, json_has_no_numbers_that_json_lacks) {
  EXPECT_EQ(json("x", {{"a", std::nan("")}, {"b", INFINITY}, {"c", 1.5}}),
            R"("level":"warn","message":"x","a":"nan","b":"inf","c":1.500000)");
}

TEST(log, parses_level_names) {
  level l = level::error;
  EXPECT_TRUE(parse_level("debug", l));
  EXPECT_EQ(l, level::debug);
  EXPECT_FALSE(parse_level("DEBUG", l));
  EXPECT_FALSE(parse_level("", l));
  EXPECT_EQ(l, level::debug);
}

TEST(log, writes_lines_to_stderr_above_the_threshold) {
  ::testing::internal::CaptureStderr();
  configure(level::info, true, "n1");
  debug("hidden");
  info("shown", {{"k", "v"}});
  configure(level::debug, false, "n2");
  debug("text", {{"k", 1}});
  configure(level::info, false, "");
  const auto out = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(out.find("hidden"), std::string::npos);
  EXPECT_NE(out.find(R"(Z","level":"info","message":"shown","node":"n1","k":"v"})"),
            std::string::npos)
      << out;
  EXPECT_EQ(out.rfind(R"({"time":")", 0), 0U) << out;
  EXPECT_NE(out.find("Z debug n2: text k=1\n"), std::string::npos) << out;
}

}  // namespace
}  // namespace troupe::log
