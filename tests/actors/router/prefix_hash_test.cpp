// The chunk chain: pieces do not matter, every byte does.
#include "actors/router/prefix_hash.hpp"

#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

std::vector<chunk_hash> chain_of(std::string_view text) {
  prefix_hash hash{{1}};
  hash.begin("m", "");
  hash.feed(text);
  return hash.take_chain();
}

std::string random_text(std::size_t bytes, unsigned seed) {
  std::mt19937 random{seed};
  std::string text(bytes, ' ');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

TEST(prefix_hash, counts_only_full_chunks) {
  EXPECT_TRUE(chain_of("").empty());
  EXPECT_TRUE(chain_of(std::string(chunk_bytes - 1, 'a')).empty());
  EXPECT_EQ(chain_of(std::string(chunk_bytes, 'a')).size(), 1u);
  EXPECT_EQ(chain_of(std::string(5 * chunk_bytes + 63, 'a')).size(), 5u);
}

TEST(prefix_hash, does_not_depend_on_the_pieces) {
  const auto text = random_text(3'000, 1);
  const auto whole = chain_of(text);
  std::mt19937 random{2};
  prefix_hash hash{{1}};
  for (int round = 0; round < 50; ++round) {
    hash.begin("m", "");
    for (std::size_t at = 0; at < text.size();) {
      const auto piece = std::min<std::size_t>(text.size() - at, random() % (round < 25 ? 7 : 300));
      hash.feed(std::string_view{text}.substr(at, piece));
      at += piece;
    }
    ASSERT_EQ(hash.take_chain(), whole);
    ASSERT_EQ(hash.bytes(), text.size());
  }
}

TEST(prefix_hash, changes_from_the_changed_byte_on) {
  const auto text = random_text(640, 3);
  const auto whole = chain_of(text);
  for (std::size_t at = 0; at < text.size(); at += 37) {
    auto changed = text;
    changed[at] = static_cast<char>(changed[at] + 1);
    const auto other = chain_of(changed);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      ASSERT_EQ(whole[i] == other[i], i < at / chunk_bytes) << at << " " << i;
    }
  }
}

TEST(prefix_hash, minds_the_order_of_chunks) {
  const auto a = random_text(chunk_bytes, 4), b = random_text(chunk_bytes, 5);
  EXPECT_NE(chain_of(a + b).back(), chain_of(b + a).back());
  std::set<chunk_hash> distinct;
  for (const auto hash : chain_of(std::string(1'000 * chunk_bytes, 'a'))) distinct.insert(hash);
  EXPECT_EQ(distinct.size(), 1'000u);
}

TEST(prefix_hash, is_keyed_by_seed_model_and_salt) {
  const auto chain = [](std::uint64_t seed, std::string_view model, std::string_view salt) {
    prefix_hash hash{{seed}};
    hash.begin(model, salt);
    hash.feed(std::string(chunk_bytes, 'a'));
    return hash.take_chain().front();
  };
  const std::set<chunk_hash> distinct{chain(1, "m", ""),  chain(2, "m", ""), chain(1, "n", ""),
                                      chain(1, "m", "s"), chain(1, "", "m"), chain(1, "ms", "")};
  EXPECT_EQ(distinct.size(), 6u);
  EXPECT_EQ(chain(1, "m", "s"), chain(1, "m", "s"));
}

TEST(prefix_hash, digests_the_open_chunk_too) {
  const auto digest = [](std::string_view text) {
    prefix_hash hash{{1}};
    hash.feed(text);
    return hash.digest();
  };
  const std::set<std::uint64_t> distinct{digest(""), digest("a"), digest("ab"),
                                         digest(std::string(64, 'a')),
                                         digest(std::string(65, 'a'))};
  EXPECT_EQ(distinct.size(), 5u);
}

}  // namespace
}  // namespace troupe::actors
