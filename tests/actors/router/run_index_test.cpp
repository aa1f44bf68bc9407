// The prefix index against a model that keeps a plain set of hashes per engine.
#include "actors/router/run_index.hpp"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

using chain = std::vector<chunk_hash>;

// A chain as prefix_hash makes them: each hash stands for all before it.
chain chain_of(std::initializer_list<int> contents) {
  chain made;
  chunk_hash sum = 7;
  for (const int content : contents) {
    std::mt19937_64 mix{static_cast<std::uint64_t>(content) * 1'000 + made.size()};
    made.push_back(sum += mix());
  }
  return made;
}

std::vector<std::uint32_t> matches(const run_index& index, const chain& of) {
  std::vector<std::uint32_t> found;
  index.match(of, found);
  return found;
}

// What each engine holds, without any structure.
struct plain_model {
  std::map<std::uint32_t, std::set<chunk_hash>> held;

  void insert(std::uint32_t slot, const chain& c) { held[slot].insert(c.begin(), c.end()); }
  void remove(std::uint32_t slot, const chain& c, std::size_t first, std::size_t last) {
    for (auto i = first; i < std::min(last, c.size()); ++i) held[slot].erase(c[i]);
  }
  std::uint32_t match(std::uint32_t slot, const chain& c) {
    std::uint32_t n = 0;
    while (n < c.size() && held[slot].contains(c[n])) ++n;
    return n;
  }
  std::size_t blocks() const {
    std::size_t sum = 0;
    for (const auto& [slot, hashes] : held) sum += hashes.size();
    return sum;
  }
};

// Chains that share starts, diverge in the middle of each other, and go on from earlier ends.
chain grown_chain(std::mt19937& random, const std::vector<chain>& seen) {
  chain c;
  if (!seen.empty() && random() % 8 != 0) {
    const auto& base = seen[random() % seen.size()];
    const auto keep = random() % 2 == 0 ? base.size() : random() % (base.size() + 1);
    c.assign(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(keep));
  }
  chunk_hash last = c.empty() ? 0 : c.back();
  for (auto more = random() % 30 + (c.empty() ? 1 : 0); more > 0; --more) {
    last += (std::uint64_t{random()} << 32 | random()) | 1;
    c.push_back(last);
  }
  return c;
}

class random_streams : public testing::TestWithParam<unsigned> {};

TEST_P(random_streams, agree_with_the_plain_model) {
  std::mt19937 random{GetParam()};
  constexpr std::uint32_t engines = 6;
  run_index index{1'000'000};
  plain_model model;
  std::vector<chain> seen;
  for (std::uint32_t e = 0; e < engines; ++e) index.add_engine(e);
  for (std::uint32_t step = 0; step < 3'000; ++step) {
    const auto slot = static_cast<std::uint32_t>(random() % engines);
    const auto kind = random() % 100;
    if (kind < 45 || seen.empty()) {
      seen.push_back(grown_chain(random, seen));
      if (!index.is_alive(slot)) continue;
      index.insert(slot, seen.back(), step);
      model.insert(slot, seen.back());
    } else if (kind < 70) {
      const auto& c = seen[random() % seen.size()];
      const auto first = random() % c.size();
      const auto last = random() % 3 == 0 ? c.size() : first + 1 + random() % 3;
      if (!index.is_alive(slot)) continue;
      index.remove(slot, c, first, last);
      model.remove(slot, c, first, last);
    } else if (kind == 70 && index.is_alive(slot)) {
      index.remove_engine(slot);
      model.held.erase(slot);
    } else if (kind == 71 && index.is_free(slot)) {
      index.add_engine(slot);
    } else if (kind < 80) {
      index.sweep(3);
    } else {
      const auto c = grown_chain(random, seen);
      const auto found = matches(index, c);
      for (std::uint32_t e = 0; e < engines; ++e) {
        ASSERT_EQ(found[e], model.match(e, c)) << "seed " << GetParam() << " step " << step;
      }
    }
    ASSERT_EQ(index.block_count(), model.blocks()) << "seed " << GetParam() << " step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, random_streams, testing::Range(1U, 25U));

TEST(run_index, answers_for_every_engine) {
  run_index index{1'000};
  index.add_engine(0);
  index.add_engine(1);
  index.add_engine(2);
  index.insert(0, chain_of({1, 2, 3, 4}), 0);
  index.insert(1, chain_of({1, 2, 9}), 0);
  EXPECT_EQ(matches(index, chain_of({1, 2, 3, 4, 5})), (std::vector<std::uint32_t>{4, 2, 0}));
  EXPECT_EQ(matches(index, chain_of({1, 2, 9})), (std::vector<std::uint32_t>{2, 3, 0}));
  EXPECT_EQ(matches(index, {}), (std::vector<std::uint32_t>{0, 0, 0}));
  EXPECT_EQ(index.stored_block_count(), 5u);
  EXPECT_EQ(index.block_count(), 7u);
}

TEST(run_index, a_hole_ends_the_match_and_filling_it_restores_all) {
  run_index index{1'000};
  index.add_engine(0);
  const auto c = chain_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  index.insert(0, c, 0);
  index.remove(0, c, 4, 5);
  EXPECT_EQ(matches(index, c)[0], 4u);
  index.insert(0, chain{c.begin(), c.begin() + 5}, 1);  // the hole only, with what leads there
  EXPECT_EQ(matches(index, c)[0], 10u);
}

TEST(run_index, evicts_the_least_recently_used_from_its_leaves) {
  run_index index{1'000};
  index.add_engine(0);
  index.set_capacity(0, 8);
  const auto a = chain_of({1, 2, 3, 4});
  const auto b = chain_of({1, 2, 5, 6});
  const auto c = chain_of({7, 8, 9});
  index.insert(0, a, 0);
  index.insert(0, b, 1);
  index.insert(0, c, 2);  // 9 blocks: the last one of a goes
  EXPECT_EQ(matches(index, a)[0], 3u);
  EXPECT_EQ(matches(index, b)[0], 4u);
  index.insert(0, a, 3);  // a is back and recent: b loses its last one
  EXPECT_EQ(matches(index, a)[0], 4u);
  EXPECT_EQ(matches(index, b)[0], 3u);
  EXPECT_EQ(matches(index, c)[0], 3u);
  EXPECT_EQ(index.block_count(0), 8u);
}

TEST(run_index, keeps_a_shared_start_longer_than_what_hangs_off_it) {
  run_index index{1'000};
  index.add_engine(0);
  index.set_capacity(0, 10);
  for (int user = 0; user < 50; ++user) {
    const auto c = chain_of({1, 2, 3, 4, 100 + user, 200 + user, 300 + user});
    index.insert(0, c, static_cast<std::uint32_t>(user));
    ASSERT_EQ(matches(index, c)[0], 7u);
    ASSERT_EQ(index.block_count(0), std::min(10u, 4u + 3u * (static_cast<unsigned>(user) + 1)));
  }
}

TEST(run_index, holds_at_most_its_bound_over_all_engines) {
  run_index index{100};
  for (std::uint32_t e = 0; e < 4; ++e) index.add_engine(e);
  for (std::uint32_t i = 0; i < 500; ++i) {
    const auto n = static_cast<int>(i);
    index.insert(i % 4, chain_of({n, n + 1, n + 2, n + 3, n + 4}), i);
    ASSERT_LE(index.block_count(), 100u);
    ASSERT_LE(index.stored_block_count(), 100u);
  }
  EXPECT_EQ(matches(index, chain_of({499, 500, 501, 502, 503}))[3], 5u);
  EXPECT_EQ(matches(index, chain_of({0, 1, 2, 3, 4}))[0], 0u);
}

TEST(run_index, takes_a_chain_longer_than_the_engine_by_its_start) {
  run_index index{1'000};
  index.add_engine(0);
  index.set_capacity(0, 3);
  const auto c = chain_of({1, 2, 3, 4, 5, 6});
  index.insert(0, c, 0);
  EXPECT_EQ(matches(index, c)[0], 3u);
}

TEST(run_index, forgets_a_dead_engine_at_once_and_sweeps_in_slices) {
  run_index index{10'000};
  index.add_engine(0);
  index.add_engine(1);
  for (int i = 0; i < 100; ++i) {
    index.insert(0, chain_of({i, 1}), 0);
    index.insert(1, chain_of({i}), 0);
  }
  index.remove_engine(0);
  EXPECT_EQ(matches(index, chain_of({5, 1})), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(index.block_count(), 100u);
  EXPECT_EQ(index.stored_block_count(), 200u);
  EXPECT_FALSE(index.is_free(0));
  EXPECT_FALSE(index.sweep(99));
  EXPECT_TRUE(index.sweep(1));
  EXPECT_TRUE(index.is_free(0));
  EXPECT_EQ(index.stored_block_count(), 100u);
  index.add_engine(0);
  EXPECT_EQ(matches(index, chain_of({5, 1})), (std::vector<std::uint32_t>{0, 1}));
}

TEST(run_index, expires_what_was_not_used) {
  run_index index{1'000};
  index.add_engine(0);
  index.insert(0, chain_of({1, 2, 3}), 10);
  index.insert(0, chain_of({1, 5}), 20);
  EXPECT_EQ(index.expire(20, 100), 2u);
  EXPECT_EQ(matches(index, chain_of({1, 2, 3}))[0], 1u);
  EXPECT_EQ(matches(index, chain_of({1, 5}))[0], 2u);
  EXPECT_EQ(index.expire(30, 1), 1u);  // in slices: the leaf first
  EXPECT_EQ(index.expire(30, 100), 1u);
  EXPECT_EQ(index.stored_block_count(), 0u);
}

TEST(run_index, stays_flat_under_churn) {
  run_index index{20'000};
  for (std::uint32_t e = 0; e < 8; ++e) {
    index.add_engine(e);
    index.set_capacity(e, 2'000);
  }
  std::mt19937 random{3};
  std::vector<chain> recent(256);
  const auto churn = [&](std::uint32_t from, std::uint32_t to) {
    for (auto i = from; i < to; ++i) {
      auto& kept = recent[random() % recent.size()];
      kept =
          grown_chain(random, kept.size() > 200 ? std::vector<chain>{} : std::vector<chain>{kept});
      if (kept.empty()) continue;
      index.insert(static_cast<std::uint32_t>(random() % 8), kept, i);
    }
  };
  churn(0, 20'000);
  const auto settled_bytes = index.memory_bytes();
  churn(20'000, 200'000);
  EXPECT_LE(index.memory_bytes(), settled_bytes + settled_bytes / 20);
}

}  // namespace
}  // namespace troupe::actors
