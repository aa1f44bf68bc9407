#include "transport/http/client_counts.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace troupe::transport::http {
namespace {

client_address v4(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  EXPECT_EQ(inet_pton(AF_INET, text, &address.sin_addr), 1);
  return client_of(reinterpret_cast<const sockaddr&>(address));
}

client_address v6(const char* text) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  EXPECT_EQ(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
  return client_of(reinterpret_cast<const sockaddr&>(address));
}

TEST(client_address, tells_clients_apart) {
  EXPECT_EQ(v4("10.0.0.1"), v4("10.0.0.1"));
  EXPECT_NE(v4("10.0.0.1"), v4("10.0.0.2"));
  EXPECT_EQ(v6("::ffff:10.0.0.1"), v4("10.0.0.1"));
  EXPECT_EQ(v6("2001:db8:1:2::1"), v6("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(v6("2001:db8:1:2::1"), v6("2001:db8:1:3::1"));
  EXPECT_NE(v6("a00:1::"), v4("10.0.0.1"));  // the same bytes
}

TEST(client_address, of_no_connection_is_nobodys) {
  EXPECT_EQ(client_of(-1), client_address{});
}

TEST(client_counts, each_client_has_its_own_most) {
  client_counts counts{2};
  EXPECT_TRUE(counts.enter(v4("10.0.0.1")));
  EXPECT_TRUE(counts.enter(v4("10.0.0.1")));
  EXPECT_FALSE(counts.enter(v4("10.0.0.1")));
  EXPECT_TRUE(counts.enter(v4("10.0.0.2")));
  counts.leave(v4("10.0.0.1"));
  EXPECT_TRUE(counts.enter(v4("10.0.0.1")));
  EXPECT_FALSE(counts.enter(v4("10.0.0.1")));
}

TEST(client_counts, forgets_who_has_left) {
  client_counts counts{1};
  for (int i = 0; i < 1'000; ++i) {
    const auto client =
        v4(("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)).c_str());
    ASSERT_TRUE(counts.enter(client));
    ASSERT_FALSE(counts.enter(client));
    counts.leave(client);
  }
  EXPECT_EQ(counts.clients(), 0U);
  counts.leave(v4("10.0.0.1"));  // one that never came
  EXPECT_EQ(counts.clients(), 0U);
}

}  // namespace
}  // namespace troupe::transport::http
