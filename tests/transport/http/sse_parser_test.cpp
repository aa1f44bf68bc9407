#include "transport/http/sse_parser.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transport/http/sse_writer.hpp"

namespace troupe::transport::http {
namespace {

using testing::ElementsAre;

// Events as "name|data|id", fed in pieces of a size.
std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
  sse_parser parser{1000};
  std::vector<std::string> events;
  while (!bytes.empty()) {
    const auto now = bytes.substr(0, piece);
    EXPECT_TRUE(parser.feed(now, [&](const sse_event& e) {
      events.push_back(std::string{e.name} + "|" + std::string{e.data} + "|" + std::string{e.id});
    }));
    bytes.remove_prefix(now.size());
  }
  return events;
}

TEST(sse_parser, takes_streams_cut_anywhere_with_any_line_end) {
  const std::string lines =
      ": comment\n"
      "event: add\ndata: one\ndata:two\ndata:  three\nid: 7\nretry: 10\nunknown: x\n\n"
      "data\n\n"
      "event: dropped without data\n\n"
      "data: [DONE]\n\n"
      "data: never ended";
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    std::string bytes;
    for (const char c : lines) c == '\n' ? bytes += end : bytes += c;
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      ASSERT_THAT(events_of(bytes, piece),
                  ElementsAre("add|one\ntwo\n three|7", "||7", "|[DONE]|7"))
          << "pieces of " << piece;
    }
  }
}

TEST(sse_parser, drops_one_byte_order_mark) {
  const std::string mark = "\xEF\xBB\xBF";
  for (std::size_t piece = 1; piece < 5; ++piece) {
    EXPECT_THAT(events_of(mark + "data: a\n\n" + mark + "data: b\n\ndata: c\n\n", piece),
                ElementsAre("|a|", "|c|"));
  }
}

TEST(sse_parser, tells_whether_the_stream_may_end_here) {
  sse_parser parser{1000};
  const auto ignore = [](const sse_event&) {};
  EXPECT_TRUE(parser.at_boundary());
  for (const auto* cut : {"d", "ata: x", "\n"}) {
    parser.feed(cut, ignore);
    EXPECT_FALSE(parser.at_boundary()) << cut;
  }
  parser.feed("\n", ignore);
  EXPECT_TRUE(parser.at_boundary());
  parser.feed("data:\r\n", ignore);
  EXPECT_FALSE(parser.at_boundary());
  parser.feed("\r", ignore);
  EXPECT_TRUE(parser.at_boundary());
  parser.feed(": ping\n", ignore);
  EXPECT_TRUE(parser.at_boundary());
  parser.feed("event: x\n", ignore);
  EXPECT_FALSE(parser.at_boundary());
}

TEST(sse_parser, bounds_lines_and_events) {
  const auto fits = [](std::string_view bytes) {
    sse_parser parser{100};
    int events = 0;
    const bool good = parser.feed(bytes, [&](const sse_event&) { ++events; });
    EXPECT_EQ(parser.feed("data: x\n\n", [&](const sse_event&) { ++events; }), good);
    EXPECT_EQ(events > 0, good);
    return good;
  };
  EXPECT_TRUE(fits("data: " + std::string(90, 'x') + "\n\n"));
  EXPECT_FALSE(fits("data: " + std::string(100, 'x') + "\n\n"));
  EXPECT_FALSE(fits(std::string(101, 'x')));
  EXPECT_FALSE(fits(": " + std::string(101, 'x') + "\n"));
  std::string many;
  for (int i = 0; i < 20; ++i) many += "data: 12345678\n";
  EXPECT_FALSE(fits(many + "\n"));
  std::string separate;
  for (int i = 0; i < 20; ++i) separate += "data: 12345678\n\n";
  EXPECT_TRUE(fits(separate));
}

TEST(sse_parser, ids_with_nul_are_ignored) {
  EXPECT_THAT(events_of(std::string("id: 1\0\ndata: x\n\n", 16), 3), ElementsAre("|x|"));
}

TEST(sse_writer, writes_what_the_parser_reads) {
  std::string bytes;
  append_comment(bytes, "keep\nalive");
  append_event(bytes, {"delta", "a\nb\r\nc\rd", "3"});
  append_event(bytes, {"two\nlines", "", ""});
  append_event(bytes, {"", "end\n", ""});
  EXPECT_THAT(events_of(bytes, 1), ElementsAre("delta|a\nb\nc\nd|3", "twolines||3", "|end\n|3"));
}

}  // namespace
}  // namespace troupe::transport::http
