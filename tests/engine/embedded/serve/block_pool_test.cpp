#include "engine/embedded/serve/block_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <numeric>
#include <random>

namespace troupe::engine {
namespace {

using tokens = std::vector<std::int32_t>;

tokens numbered(std::size_t count, std::int32_t first = 0) {
  tokens list(count);
  std::iota(list.begin(), list.end(), first);
  return list;
}

std::vector<block_key> keys_of(const tokens& list, std::string_view salt = "") {
  std::vector<block_key> keys;
  auto parent = root_key("model", salt);
  for (std::size_t i = 0; (i + 1) * block_tokens <= list.size(); ++i) {
    parent = child_key(parent, std::span{list}.subspan(i * block_tokens, block_tokens));
    keys.push_back(parent);
  }
  return keys;
}

// Allocates and publishes all full blocks of the tokens behind a prefix already held.
std::vector<block_id> store(block_pool& pool, const tokens& list, std::string_view salt = "") {
  const auto keys = keys_of(list, salt);
  auto chain = pool.acquire_prefix(keys, list);
  while (chain.size() < keys.size()) {
    const auto i = chain.size();
    const auto block = pool.allocate();
    if (!block) break;
    std::optional<block_id> parent;
    if (i > 0) parent = chain.back();
    const auto content = std::span{list}.subspan(i * block_tokens, block_tokens);
    chain.push_back(pool.publish({*block, keys[i], parent, content}).value());
  }
  return chain;
}

std::size_t cached_blocks(block_pool& pool, const tokens& list, std::string_view salt = "") {
  const auto chain = pool.acquire_prefix(keys_of(list, salt), list);
  pool.release(chain);
  return chain.size();
}

TEST(block_pool, hands_out_each_block_once_and_then_nothing) {
  block_pool pool{3};
  const auto a = pool.allocate(), b = pool.allocate(), c = pool.allocate();
  ASSERT_TRUE(a && b && c);
  EXPECT_TRUE(*a != *b && *b != *c && *a != *c);
  EXPECT_FALSE(pool.allocate());
  pool.release(std::vector{*b});
  EXPECT_EQ(pool.allocate(), b);
  EXPECT_EQ(pool.referenced(), 3U);
}

TEST(block_pool, finds_the_longest_published_prefix_after_its_owner_left) {
  block_pool pool{8};
  const auto text = numbered(64);
  pool.release(store(pool, text));
  EXPECT_EQ(pool.referenced(), 0U);
  EXPECT_EQ(cached_blocks(pool, text), 4U);

  auto other = text;
  other[40] = 9999;
  EXPECT_EQ(cached_blocks(pool, other), 2U);
  other[0] = 9999;
  EXPECT_EQ(cached_blocks(pool, other), 0U);
}

TEST(block_pool, keeps_salts_and_models_apart) {
  block_pool pool{8};
  const auto text = numbered(32);
  pool.release(store(pool, text, "alice"));
  EXPECT_EQ(cached_blocks(pool, text, "alice"), 2U);
  EXPECT_EQ(cached_blocks(pool, text, "bob"), 0U);
  EXPECT_EQ(cached_blocks(pool, text), 0U);
  EXPECT_NE(root_key("a", ""), root_key("b", ""));
  EXPECT_NE(root_key("ab", "c"), root_key("a", "bc"));
}

TEST(block_pool, shares_a_block_published_twice) {
  block_pool pool{4};
  const auto text = numbered(16);
  const auto first = store(pool, text);
  const auto twin = pool.allocate().value();
  EXPECT_EQ(pool.publish({twin, keys_of(text)[0], std::nullopt, text}), first[0]);
  EXPECT_EQ(pool.referenced(), 1U);
  pool.release(first);
  EXPECT_EQ(pool.referenced(), 1U);
  pool.release(first);
  EXPECT_EQ(pool.referenced(), 0U);
}

TEST(block_pool, a_hash_collision_is_a_miss_never_a_wrong_hit) {
  block_pool pool{4};
  const auto mine = numbered(16), theirs = numbered(16, 100);
  const auto key = keys_of(mine);
  pool.release(store(pool, mine));
  EXPECT_TRUE(pool.acquire_prefix(key, theirs).empty());
  const auto block = pool.allocate().value();
  EXPECT_FALSE(pool.publish({block, key[0], std::nullopt, theirs}));
  pool.release(std::vector{block});
  EXPECT_EQ(cached_blocks(pool, mine), 1U);
}

TEST(block_pool, evicts_leaves_before_their_parents) {
  block_pool pool{4};
  const auto text = numbered(64);
  pool.release(store(pool, text));
  for (std::size_t left = 4; left-- > 0;) {
    ASSERT_TRUE(pool.allocate());
    EXPECT_EQ(cached_blocks(pool, text), left);
  }
}

TEST(block_pool, evicts_the_least_recently_used_chain) {
  block_pool pool{4};
  const auto old_text = numbered(32), new_text = numbered(32, 500);
  pool.release(store(pool, old_text));
  pool.release(store(pool, new_text));
  EXPECT_EQ(cached_blocks(pool, old_text), 2U);  // a use: now new_text is the older one
  ASSERT_TRUE(pool.allocate() && pool.allocate());
  EXPECT_EQ(cached_blocks(pool, old_text), 2U);
  EXPECT_EQ(cached_blocks(pool, new_text), 0U);
}

TEST(block_pool, counts_queries_in_tokens) {
  block_pool pool{1};
  pool.count_query(100, 32);
  pool.count_query(7, 0);
  EXPECT_EQ(pool.prefix_counters().queried_tokens, 107U);
  EXPECT_EQ(pool.prefix_counters().hit_tokens, 32U);
}

// The same rules written down naively: a published chain is its token list; least recently released
// leaf goes first.
struct reference_model {
  std::map<tokens, int> references;  // of published prefixes, by all their tokens
  std::list<tokens> idle;            // oldest first

  std::size_t longest(const tokens& list) const {
    std::size_t blocks = 0;
    while ((blocks + 1) * block_tokens <= list.size() &&
           references.contains(prefix(list, blocks + 1))) {
      ++blocks;
    }
    return blocks;
  }
  static tokens prefix(const tokens& list, std::size_t blocks) {
    return {list.begin(), list.begin() + static_cast<std::ptrdiff_t>(blocks * block_tokens)};
  }
  void take(const tokens& list, std::size_t blocks) {
    for (std::size_t i = 1; i <= blocks; ++i) {
      if (references[prefix(list, i)]++ == 0) idle.remove(prefix(list, i));
    }
  }
  void drop(const tokens& list, std::size_t blocks) {
    for (std::size_t i = blocks; i > 0; --i) {
      if (--references[prefix(list, i)] == 0) idle.push_back(prefix(list, i));
    }
  }
  void evict() {
    references.erase(idle.front());
    idle.pop_front();
  }
};

class block_pool_property : public testing::TestWithParam<unsigned> {};

TEST_P(block_pool_property, agrees_with_the_naive_model) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::mt19937 random{GetParam()};
  constexpr std::uint32_t blocks = 24;
  block_pool pool{blocks};
  reference_model model;
  struct holder {
    tokens list;
    std::vector<block_id> chain;
  };
  std::vector<holder> holders;
  auto referenced = [&] { return blocks - pool.available(); };
  for (int round = 0; round < 600; ++round) {
    if (random() % 2 == 0 && !holders.empty()) {
      const auto at = random() % holders.size();
      pool.release(holders[at].chain);
      model.drop(holders[at].list, holders[at].chain.size());
      holders.erase(holders.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      tokens list;  // few distinct blocks, so that prefixes meet
      for (std::size_t i = 1 + random() % 6; i > 0; --i) {
        const auto block = numbered(block_tokens, static_cast<std::int32_t>(random() % 3) * 100);
        list.insert(list.end(), block.begin(), block.end());
      }
      ASSERT_EQ(cached_blocks(pool, list), model.longest(list));
      const auto touched = model.longest(list);
      model.take(list, touched);
      model.drop(list, touched);
      auto chain = store(pool, list);
      const auto hit = model.longest(list);
      model.take(list, hit);
      for (auto i = hit; i < chain.size(); ++i) {
        if (model.references.size() == blocks) model.evict();
        model.references[reference_model::prefix(list, i + 1)] = 1;
      }
      ASSERT_TRUE(chain.size() * block_tokens == list.size() || referenced() == blocks);
      holders.push_back({list, chain});
    }
    ASSERT_EQ(pool.published(), model.references.size());
    ASSERT_EQ(pool.available(), blocks - model.references.size() + model.idle.size());
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, block_pool_property, testing::Range(1U, 21U));

TEST(block_pool, holds_a_hundred_thousand_blocks) {
  constexpr std::uint32_t blocks = 100'000;
  block_pool pool{blocks};
  const auto text = numbered(std::size_t{blocks} * block_tokens);
  pool.release(store(pool, text));
  EXPECT_EQ(pool.published(), blocks);
  const auto other = numbered(std::size_t{blocks} * block_tokens / 2, -2'000'000);
  pool.release(store(pool, other));
  EXPECT_EQ(cached_blocks(pool, text), blocks / 2);
  EXPECT_EQ(cached_blocks(pool, other), blocks / 2);
}

}  // namespace
}  // namespace troupe::engine
