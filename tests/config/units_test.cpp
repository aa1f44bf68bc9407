#include "config/units.hpp"

#include <gtest/gtest.h>

namespace troupe::config {
namespace {

using namespace std::chrono_literals;

TEST(units, reads_sizes_in_both_systems) {
  EXPECT_EQ(parse_bytes("4096"), 4096u);
  EXPECT_EQ(parse_bytes("0B"), 0u);
  EXPECT_EQ(parse_bytes("3kB"), 3'000u);
  EXPECT_EQ(parse_bytes("3KB"), 3'000u);
  EXPECT_EQ(parse_bytes("2MB"), 2'000'000u);
  EXPECT_EQ(parse_bytes("2GB"), 2'000'000'000u);
  EXPECT_EQ(parse_bytes("1TB"), 1'000'000'000'000u);
  EXPECT_EQ(parse_bytes("1KiB"), 1'024u);
  EXPECT_EQ(parse_bytes("512MiB"), 536'870'912u);
  EXPECT_EQ(parse_bytes("512 MiB"), 536'870'912u);
  EXPECT_EQ(parse_bytes("1GiB"), 1'073'741'824u);
  EXPECT_EQ(parse_bytes("1TiB"), 1'099'511'627'776u);
}

TEST(units, refuses_what_is_no_size) {
  for (const char* text : {"", " ", "MiB", "-1", "+1", "1.5GiB", "512mib", "5 ", "5  MiB", "5MiBs",
                           "0x10", "18446744073709551616", "18446744073709551615KiB", "1e3"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_bytes("18446744073709551615"), 18'446'744'073'709'551'615u);
}

TEST(units, reads_durations) {
  EXPECT_EQ(parse_duration("100ms"), 100ms);
  EXPECT_EQ(parse_duration("2s"), 2s);
  EXPECT_EQ(parse_duration("2 s"), 2s);
  EXPECT_EQ(parse_duration("1m"), 1min);
  EXPECT_EQ(parse_duration("3h"), 3h);
  for (const char* text : {"", "5", "s", "1d", "-1s", "1.5s", "9223372036854775808ms",
                           "18446744073709551615h", "1 minute", "2S"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(units, reads_addresses_to_listen_on) {
  EXPECT_EQ(parse_listen("127.0.0.1:8000"), (socket_address{"127.0.0.1", 8000}));
  EXPECT_EQ(parse_listen("localhost:0"), (socket_address{"127.0.0.1", 0}));
  EXPECT_EQ(parse_listen("[::1]:65535"), (socket_address{"::1", 65535}));
  for (const char* text :
       {"", ":", "8000", ":8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
        "127.0.0.1:-1", "127.0.0.256:1", "example.org:80", "::1:80", "[::1]", "[::1]80", "[::1",
        "[127.0.0.1]:80", "[localhost]:80", "127.0.0.1:80:80", "*:80"}) {
    EXPECT_EQ(parse_listen(text), std::nullopt) << text;
  }
}

TEST(units, reads_where_another_node_is) {
  EXPECT_EQ(parse_peer("node-0.example:7100"), (peer_address{"node-0.example", 7100}));
  EXPECT_EQ(parse_peer("10.0.0.7:1"), (peer_address{"10.0.0.7", 1}));
  EXPECT_EQ(parse_peer("[::1]:65535"), (peer_address{"::1", 65535}));
  for (const char* text : {"", ":1", "a", "a:", "a:0", "a:65536", "a b:1", "[a]:1", "[::1]",
                           "::1:1", "-a:1", "a:1:1"}) {
    EXPECT_EQ(parse_peer(text), std::nullopt) << text;
  }
}

TEST(units, an_address_with_a_zero_byte_is_not_cut_there) {
  EXPECT_EQ(parse_address(std::string_view{"127.0.0.1\0x", 11}), std::nullopt);
}

TEST(units, accepts_the_urls_of_engines) {
  for (const char* url : {"http://127.0.0.1:9000", "http://gpu-7.example:80", "http://[::1]:1",
                          "http://a:65535/", "https://gpu:443"}) {
    EXPECT_EQ(url_mistake(url), "") << url;
  }
}

struct url_case {
  const char* url;
  const char* says;
};

TEST(units, says_what_is_wrong_with_a_url) {
  const url_case cases[] = {
      {"", "form http://HOST:PORT"},
      {"gpu:9000", "form http://HOST:PORT"},
      {"HTTP://gpu:9000", "form http://HOST:PORT"},
      {"https:/gpu:9000", "form http://HOST:PORT"},
      {"https://gpu", "has no port"},
      {"ftp://gpu:21", "form http://HOST:PORT"},
      {"http://gpu", "has no port"},
      {"http://gpu:", "has no port"},
      {"http://gpu:0", "1 to 65535"},
      {"http://gpu:65536", "1 to 65535"},
      {"http://gpu:80a", "1 to 65535"},
      {"http://:80", "no valid host"},
      {"http://", "no valid host"},
      {"http://[::1:80", "no valid host"},
      {"http://[]:80", "no valid host"},
      {"http://-a:80", "no valid host"},
      {"http://a b:80", "no valid host"},
      {"http://me:pw@gpu:80", "user name or password"},
      {"http://gpu:9000/v1", "has a path"},
      {"http://gpu:9000?x", "has a path"},
      {"http://gpu:9000//", "has a path"},
  };
  for (const url_case& c : cases) {
    EXPECT_NE(url_mistake(c.url).find(c.says), std::string::npos)
        << c.url << ": " << url_mistake(c.url);
  }
}

TEST(units, names_are_short_and_plain) {
  for (const char* name : {"a", "gpu-0", "A.b_c", "7"}) EXPECT_TRUE(is_name(name)) << name;
  EXPECT_TRUE(is_name(std::string(63, 'a')));
  EXPECT_FALSE(is_name(std::string(64, 'a')));
  for (const char* name : {"", "-a", ".a", "a b", "a/b", "\xc3\xa9"})
    EXPECT_FALSE(is_name(name)) << name;
}

TEST(units, writes_what_it_reads) {
  EXPECT_EQ(format_bytes(512ull * 1024 * 1024), "512MiB");
  EXPECT_EQ(format_bytes(2'000'000'000), "2GB");
  EXPECT_EQ(format_bytes(1), "1B");
  EXPECT_EQ(format_bytes(0), "0B");
  EXPECT_EQ(format_duration(60s), "1m");
  EXPECT_EQ(format_duration(75s), "75s");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0ms), "0ms");
  for (std::uint64_t bytes : {1ull, 1000ull, 1024ull, 1536ull, 999'999ull, 1ull << 40}) {
    EXPECT_EQ(parse_bytes(format_bytes(bytes)), bytes);
  }
  for (const char* text : {"127.0.0.1:8000", "[::1]:1"}) {
    EXPECT_EQ(format_listen(*parse_listen(text)), text);
  }
}

}  // namespace
}  // namespace troupe::config
