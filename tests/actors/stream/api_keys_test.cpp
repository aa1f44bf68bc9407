#include "actors/stream/api_keys.hpp"

#include <atomic>
#include <thread>

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
    const auto found = keys.find("Bearer key-" + std::to_string(i));
    ASSERT_NE(found, nullptr) << i;
    EXPECT_EQ(found->name(), "k" + std::to_string(i));
    EXPECT_EQ(keys.find("Bearer key-" + std::to_string(i)), found);  // with its state
  }
  EXPECT_EQ(keys.find("Bearer key-50"), nullptr);
  EXPECT_EQ(keys.find("Bearer " + specs.front().sha256), nullptr);  // the hash is no key
}

TEST(api_keys, replaced_keys_come_and_go_at_once) {
  api_keys keys{{spec_of("a", "key-a"), spec_of("b", "key-b")}};
  const auto dropped = keys.find("Bearer key-b");
  keys.replace({spec_of("c", "key-c"), spec_of("a", "key-a")}, {});
  EXPECT_EQ(keys.find("Bearer key-b"), nullptr);
  EXPECT_EQ(dropped->name(), "b");  // whoever came with it goes on
  ASSERT_NE(keys.find("Bearer key-a"), nullptr);
  EXPECT_EQ(keys.find("Bearer key-c")->name(), "c");
  keys.replace({spec_of("a", "another")}, {});  // renewed
  EXPECT_EQ(keys.find("Bearer key-a"), nullptr);
  EXPECT_NE(keys.find("Bearer another"), nullptr);
  keys.replace({}, {});
  EXPECT_TRUE(keys.empty());
}

TEST(api_keys, a_key_that_stays_keeps_what_it_has_used) {
  const time_point at{std::chrono::hours{1}};
  auto spec = spec_of("a", "key");
  spec.requests_per_s = 1;
  spec.tokens_per_min = 600;
  api_keys keys{{spec}};
  const auto before = keys.find("Bearer key");
  EXPECT_EQ(before->take_request(at).count(), 0);
  EXPECT_EQ(before->take_tokens(at, 500).count(), 0);
  spec.models = {"small"};
  spec.tokens_per_min = 1'200;
  keys.replace({spec}, at);
  const auto after = keys.find("Bearer key");
  ASSERT_NE(after, nullptr);
  EXPECT_FALSE(after->may_use("large"));
  EXPECT_TRUE(before->may_use("large"));
  EXPECT_EQ(after->take_request(at), std::chrono::seconds{1});
  EXPECT_DOUBLE_EQ(after->tokens_used(at), 500);
  before->settle_tokens(at, 500, 20);  // a request that came before
  EXPECT_DOUBLE_EQ(after->tokens_used(at), 20);
  keys.replace({spec_of("b", "other")}, at);
  keys.replace({spec}, at);  // one that comes back begins anew
  EXPECT_DOUBLE_EQ(keys.find("Bearer key")->tokens_used(at), 0);
}

TEST(api_keys, threads_look_keys_up_while_others_replace_them) {
  auto stays = spec_of("stays", "key-of-one");
  stays.tokens_per_min = 600'000;
  api_keys keys{{stays}};
  const time_point at{std::chrono::hours{1}};
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> missed{0}, used{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      do {
        const auto found = keys.find("Bearer key-of-one");
        if (!found) {
          ++missed;
          continue;
        }
        found->settle_tokens(at, 0, 1);
        ++used;
        keys.find("Bearer key-of-two");
      } while (!is_over);
    });
  }
  for (int i = 0; i < 200; ++i) {
    keys.replace({stays, spec_of("goes", "key-of-two")}, at);
    keys.replace({stays}, at);
  }
  is_over = true;
  for (auto& each : clients) each.join();
  EXPECT_EQ(missed, 0U);
  EXPECT_NEAR(keys.find("Bearer key-of-one")->tokens_used(at), static_cast<double>(used), 0.01);
  EXPECT_EQ(keys.find("Bearer key-of-two"), nullptr);
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
