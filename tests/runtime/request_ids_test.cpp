#include "runtime/request_ids.hpp"

#include <regex>
#include <set>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(request_ids, look_like_version_4_uuids_and_differ) {
  const std::regex shape{"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"};
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto id = make_request_id();
    EXPECT_TRUE(std::regex_match(id, shape)) << id;
    seen.insert(id);
  }
  std::string other;
  std::thread{[&] { other = make_request_id(); }}.join();
  seen.insert(other);
  EXPECT_EQ(seen.size(), 1'001U);
}

TEST(request_ids, follow_their_seed_in_simulation) {
  request_id_generator a{7};
  request_id_generator b{7};
  request_id_generator c{8};
  const auto first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, a.next());
  EXPECT_NE(first, c.next());
}

TEST(request_ids, keep_the_client_s_if_it_is_harmless) {
  EXPECT_EQ(request_id_or_new("req-42"), "req-42");
  EXPECT_TRUE(valid_request_id(std::string(128, 'x')));
  EXPECT_FALSE(valid_request_id(std::string(129, 'x')));
  for (const std::string& bad :
       {std::string{}, std::string{"a b"}, std::string{"a\nb"}, std::string{"\x7f"},
        std::string{"gr\xC3\xB6sse"}, std::string{"a\0b", 3}}) {
    EXPECT_FALSE(valid_request_id(bad));
    EXPECT_EQ(request_id_or_new(bad).size(), 36U);
  }
}

}  // namespace
}  // namespace troupe
