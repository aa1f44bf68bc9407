#include "transport/http/message.hpp"

#include <gtest/gtest.h>

namespace troupe::transport::http {
namespace {

TEST(fields, compare_names_without_case_and_keep_order) {
  fields f;
  f.add("Accept", "a");
  f.add("X", "1");
  f.add("x", "2");
  f.set("X", "3");
  EXPECT_EQ(f.size(), 2U);
  EXPECT_EQ(f.find("x"), "3");
  EXPECT_EQ(f.begin()->name, "Accept");
  f.set("New", "n");
  EXPECT_TRUE(f.contains("NEW"));
  f.erase("new");
  EXPECT_FALSE(f.contains("New"));
  EXPECT_EQ(f.find("new"), "");
}

TEST(message, path_ends_at_the_query) {
  request r;
  r.target = "/v1/models?a=/b?c";
  EXPECT_EQ(r.path(), "/v1/models");
  r.target = "/";
  EXPECT_EQ(r.path(), "/");
}

TEST(message, connection_fields_are_hop_by_hop) {
  for (const auto* name : {"Connection", "keep-alive", "TRANSFER-ENCODING", "te", "Upgrade"}) {
    EXPECT_TRUE(is_hop_by_hop(name)) << name;
  }
  for (const auto* name : {"Content-Length", "X-Request-Id", "Host", ""}) {
    EXPECT_FALSE(is_hop_by_hop(name)) << name;
  }
}

TEST(message, what_connection_names_is_of_the_connection) {
  fields f;
  f.add("Connection", "close, X-Secret ,\tx-other");
  f.add("connection", "x-third");
  for (const auto* name : {"x-secret", "X-Other", "X-Third", "Keep-Alive"}) f.add(name, "1");
  for (const auto* name : {"x-secre", "X-Secrets", "Host", "close,"}) f.add(name, "1");
  drop_connection_fields(f);
  ASSERT_EQ(f.size(), 4U);
  EXPECT_EQ(f.begin()->name, "x-secre");
  EXPECT_TRUE(f.contains("close,"));
}

TEST(message, plain_numbers_are_digits) {
  for (const auto* good : {"0", "3", "0003", "99999999999999999999"}) {
    EXPECT_TRUE(is_plain_number(good)) << good;
  }
  for (const auto* bad : {"", "+3", "-3", "3,3", "3, 3", "3 ", "0x3", "3e0", "\xd9\xa3"}) {
    EXPECT_FALSE(is_plain_number(bad)) << bad;
  }
}

TEST(message, plain_extensions_are_visible_and_short) {
  for (const auto* good : {"", ";a", ";a=b", ";a=\"b\""}) {
    EXPECT_TRUE(is_plain_extension(good)) << good;
  }
  for (const auto* bad : {";a b", ";a\tb", ";a=\"\n\"", ";a=\"\r\"", ";a=\x7f", ";a=\xff"}) {
    EXPECT_FALSE(is_plain_extension(bad)) << bad;
  }
  EXPECT_TRUE(is_plain_extension(";" + std::string(255, 'a')));
  EXPECT_FALSE(is_plain_extension(";" + std::string(256, 'a')));
}

TEST(message, one_line_has_no_line_ends_or_nul) {
  EXPECT_TRUE(is_one_line("a b\tc"));
  EXPECT_FALSE(is_one_line("a\r"));
  EXPECT_FALSE(is_one_line("\n"));
  EXPECT_FALSE(is_one_line(std::string_view{"a\0b", 3}));
}

TEST(message, every_status_has_a_phrase) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(414), "URI Too Long");
  EXPECT_EQ(reason_phrase(503), "Service Unavailable");
  EXPECT_EQ(reason_phrase(799), "Unknown");
}

}  // namespace
}  // namespace troupe::transport::http
