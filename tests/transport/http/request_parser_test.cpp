#include "transport/http/request_parser.hpp"

#include <string>

#include <gtest/gtest.h>

namespace troupe::transport::http {
namespace {

unsigned status_of(std::string_view bytes) {
  request_parser parser{config::http_limits{}};
  while (!bytes.empty()) {
    const auto used = parser.feed(bytes);
    if (used == 0 || parser.done()) break;
    bytes.remove_prefix(used);
  }
  return parser.refused().status;
}

struct bad_request {
  const char* why;
  std::string_view bytes;
  unsigned status;
};

class refused_request : public testing::TestWithParam<bad_request> {};

TEST_P(refused_request, is_refused) {
  EXPECT_EQ(status_of(GetParam().bytes), GetParam().status) << GetParam().why;
}

using namespace std::string_view_literals;

INSTANTIATE_TEST_SUITE_P(
    smuggling, refused_request,
    testing::Values(
        bad_request{"length and coding",
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n",
                    400},
        bad_request{"coding and length",
                    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                    "Content-Length: 3\r\n\r\n",
                    400},
        bad_request{"two lengths",
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                    400},
        bad_request{"two lengths in one field",
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 4\r\n\r\n", 400},
        bad_request{"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                    400},
        bad_request{"signed length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
                    400},
        bad_request{"hex length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n", 400},
        bad_request{"length beyond 64 bits",
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                    400},
        bad_request{"coding twice",
                    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n",
                    400},
        bad_request{"another coding last",
                    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501},
        bad_request{"another coding first",
                    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
        bad_request{"a coding that only looks like chunked",
                    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
        bad_request{"coding in HTTP/1.0",
                    "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        bad_request{"space before the colon",
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\n", 400},
        bad_request{"folded line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
        bad_request{"folded length",
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 3\r\n\r\nabc", 400},
        bad_request{"first field folded", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        bad_request{"NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"sv, 400},
        bad_request{"NUL in a name", "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n"sv, 400},
        bad_request{"bare line feed", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
        bad_request{"bare carriage return", "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400},
        bad_request{"no host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", 400},
        bad_request{"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        bad_request{"field without a name", "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400},
        bad_request{"field without a colon", "GET / HTTP/1.1\r\nHost: x\r\nabc\r\n\r\n", 400},
        bad_request{"control in the target", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        bad_request{"space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        bad_request{"HTTP/2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        bad_request{"unknown expectation", "GET / HTTP/1.1\r\nHost: x\r\nExpect: wonder\r\n\r\n",
                    417},
        bad_request{"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, 400}));

constexpr std::string_view chunked_head =
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(request_parser, malformed_chunks_are_refused) {
  for (const auto bytes :
       {"\r\n"sv, "-1\r\n"sv, "0x3\r\n"sv, "g\r\n"sv, " 3\r\n"sv,
        "3\n"sv
        "abc\r\n"sv,
        "ffffffffffffffffff\r\n"sv, "3\r\nabcd\r\n0\r\n\r\n"sv, "3\r\nabc\n0\r\n\r\n"sv,
        "3 x\r\nabc\r\n"sv, "3;=\r\nabc\r\n"sv, "0\r\nbad trailer\r\n\r\n"sv}) {
    EXPECT_EQ(status_of(std::string{chunked_head} + std::string{bytes} + "\r\n"), 400U) << bytes;
  }
}

TEST(request_parser, a_quote_does_not_reach_beyond_its_chunk_s_line) {
  for (const auto bytes : {"3;a=\"b\r\nabc\r\n0\r\n\r\n", "3;a=\"b\\\"\r\nabc\r\n0\r\n\r\n",
                           "3;a=\"b\";c=\"\r\n", "0;a=\"\r\n\r\n", "3\r\nabc\r\n0;a=\"b\r\n"}) {
    EXPECT_EQ(status_of(std::string{chunked_head} + bytes), 400U) << bytes;
  }
  const std::string closed = "3;a=\"b\\\"\";c\r\nabc\r\n0\r\n\r\n";
  EXPECT_EQ(status_of(std::string{chunked_head} + closed), 0U);
}

TEST(request_parser, an_empty_chunked_body_may_come_byte_by_byte) {
  std::string bytes{chunked_head};
  bytes.append("0\r\n\r\n");
  for (std::size_t cut = chunked_head.size(); cut < bytes.size(); ++cut) {
    request_parser parser{config::http_limits{}};
    std::size_t used = 0;
    for (std::size_t end = cut; end <= bytes.size(); ++end) {
      used += parser.feed(std::string_view{bytes}.substr(used, end - used));
    }
    EXPECT_EQ(used, bytes.size());
    EXPECT_TRUE(parser.done()) << cut;
  }
}

TEST(request_parser, never_consumes_beyond_the_end_of_a_request) {
  request_parser parser{config::http_limits{}};
  const std::string first = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  const std::string all = "\r\n\r\n" + first + first;
  EXPECT_EQ(parser.feed(all), 4 + first.size());
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.feed("GET"), 0U);
  EXPECT_EQ(parser.take().body, "abc");
  EXPECT_FALSE(parser.begun());
  EXPECT_EQ(parser.feed(first), first.size());
  EXPECT_TRUE(parser.done());
}

TEST(request_parser, reads_a_body_in_place_without_trusting_its_length) {
  config::http_limits limits;
  request_parser parser{limits};
  EXPECT_TRUE(parser.body_space().empty());
  const std::string length = std::to_string(limits.body_bytes_max);
  parser.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\nab");
  std::string expected = "ab";
  while (!parser.done()) {
    const auto space = parser.body_space();
    ASSERT_FALSE(space.empty());
    ASSERT_LE(space.size(), 256U * 1024);
    std::fill(space.begin(), space.end(), static_cast<char>('a' + expected.size() % 26));
    const auto taken = std::max<std::size_t>(1, space.size() / 2);
    expected.append(space.data(), taken);
    parser.body_filled(taken);
  }
  EXPECT_EQ(parser.take().body, expected);
}

TEST(request_parser, knows_when_to_keep_the_connection) {
  const auto keeps = [](std::string_view version, std::string_view field) {
    request_parser parser{config::http_limits{}};
    std::string bytes = "GET / HTTP/";
    bytes.append(version).append("\r\nHost: x\r\n").append(field).append("\r\n");
    parser.feed(bytes);
    EXPECT_TRUE(parser.done());
    return parser.keep_alive();
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: x, Close\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
}

}  // namespace
}  // namespace troupe::transport::http
