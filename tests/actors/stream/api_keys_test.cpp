#include "actors/stream/api_keys.hpp"

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

config::api_key_spec spec_of(const std::string& name, const std::string& key) {
  config::api_key_spec spec;
  spec.name = name;
  spec.sha256 = to_hex(sha256(key));
  return spec;
}

TEST(api_keys, none_is_empty_and_knows_nobody) {
  api_keys keys{{}};
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(keys.find("Bearer x"), nullptr);
}

TEST(api_keys, each_key_is_found_by_itself_alone) {
  std::vector<config::api_key_spec> specs;
  for (int i = 0; i < 50; ++i)
    specs.push_back(spec_of("k" + std::to_string(i), "key-" + std::to_string(i)));
  api_keys keys{specs};
  for (int i = 0; i < 50; ++i) {
    auto* found = keys.find("Bearer key-" + std::to_string(i));
    ASSERT_NE(found, nullptr) << i;
    EXPECT_EQ(found->name(), "k" + std::to_string(i));
    EXPECT_EQ(keys.find("Bearer key-" + std::to_string(i)), found);  // with its state
  }
  EXPECT_EQ(keys.find("Bearer key-50"), nullptr);
  EXPECT_EQ(keys.find("Bearer " + specs.front().sha256), nullptr);  // the hash is no key
}

TEST(api_keys, an_empty_key_is_never_right) {
  api_keys keys{{spec_of("empty", "")}};
  for (const auto* shown : {"", "Bearer", "Bearer ", "Bearer   "}) {
    EXPECT_EQ(keys.find(shown), nullptr) << shown;
  }
}

TEST(api_keys, models_are_a_list_or_all) {
  auto spec = spec_of("a", "key");
  EXPECT_TRUE(api_key{spec}.may_use("anything"));
  spec.models = {"small", "large"};
  const api_key key{spec};
  EXPECT_TRUE(key.may_use("small"));
  EXPECT_FALSE(key.may_use("Small"));
  EXPECT_FALSE(key.may_use(""));
}

TEST(api_keys, without_rates_nothing_waits) {
  api_key key{spec_of("a", "key")};
  const time_point at{std::chrono::hours{1}};
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(key.take_request(at).count(), 0);
    EXPECT_EQ(key.take_tokens(at, 1e9).count(), 0);
  }
}

}  // namespace
}  // namespace troupe::actors
