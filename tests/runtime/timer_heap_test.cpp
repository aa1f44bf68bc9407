#include "runtime/timer_heap.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace troupe {
namespace {

using std::chrono::milliseconds;

const time_point start{};
const int owners[4] = {};

timer_entry entry(int due_ms, int owner, std::uint64_t id, timer_kind kind = timer_kind::request) {
  timer_entry e;
  e.due = start + milliseconds{due_ms};
  e.key = {&owners[owner], kind, id, 0};
  e.id = id;
  return e;
}

std::vector<std::uint64_t> pop(timer_heap& heap, int now_ms, std::size_t count = 100) {
  std::vector<timer_entry> out;
  heap.pop_due(start + milliseconds{now_ms}, count, out);
  std::vector<std::uint64_t> ids;
  for (const auto& e : out) ids.push_back(e.id);
  return ids;
}

using ids = std::vector<std::uint64_t>;

TEST(timer_heap, pops_what_is_due_in_order) {
  timer_heap heap;
  heap.arm(entry(30, 0, 3));
  heap.arm(entry(10, 0, 1));
  heap.arm(entry(20, 1, 2));
  heap.arm(entry(10, 1, 4));  // same time: in order of arming
  EXPECT_EQ(heap.next_due(), start + milliseconds{10});
  EXPECT_EQ(pop(heap, 9), ids{});
  EXPECT_EQ(pop(heap, 20), (ids{1, 4, 2}));
  EXPECT_EQ(heap.next_due(), start + milliseconds{30});
  EXPECT_EQ(pop(heap, 30), ids{3});
  EXPECT_EQ(heap.next_due(), time_point::max());
}

TEST(timer_heap, pops_no_more_than_asked_for) {
  timer_heap heap;
  for (int i = 0; i < 5; ++i) heap.arm(entry(i, 0, static_cast<std::uint64_t>(i)));
  EXPECT_EQ(pop(heap, 10, 2), (ids{0, 1}));
  EXPECT_EQ(heap.size(), 3U);
}

TEST(timer_heap, cancels_by_key_and_by_owner) {
  timer_heap heap;
  for (std::uint64_t i = 0; i < 200; ++i) heap.arm(entry(5, static_cast<int>(i % 2), i));
  EXPECT_TRUE(heap.cancel(entry(0, 1, 7).key));
  EXPECT_FALSE(heap.cancel(entry(0, 1, 7).key)) << "gone";
  EXPECT_FALSE(heap.cancel(entry(0, 1, 8).key)) << "another's";
  std::vector<timer_entry> taken;
  heap.cancel_owner(&owners[0], taken);
  EXPECT_EQ(taken.size(), 100U);
  EXPECT_EQ(heap.size(), 99U);
  heap.cancel_owner(&owners[3], taken);
  EXPECT_EQ(heap.size(), 99U);
}

TEST(timer_heap, an_ordinary_timeout_replaces_the_one_before) {
  timer_heap heap;
  EXPECT_FALSE(heap.arm(entry(10, 0, 1, timer_kind::ordinary)));
  auto again = entry(20, 0, 1, timer_kind::ordinary);
  again.id = 2;
  const auto replaced = heap.arm(std::move(again));
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->id, 1U);
  EXPECT_EQ(pop(heap, 30), ids{2});
}

TEST(timer_heap, messages_of_one_owner_have_no_key) {
  timer_heap heap;
  heap.arm(entry(10, 0, 1, timer_kind::message));
  heap.arm(entry(10, 0, 1, timer_kind::message));
  EXPECT_FALSE(heap.cancel(entry(0, 0, 1, timer_kind::message).key));
  std::vector<timer_entry> taken;
  heap.cancel_owner(&owners[0], taken);
  EXPECT_EQ(taken.size(), 2U);
}

TEST(timer_heap, clear_gives_everything_back) {
  timer_heap heap;
  for (std::uint64_t i = 0; i < 10; ++i) heap.arm(entry(5, 0, i));
  EXPECT_EQ(heap.clear().size(), 10U);
  EXPECT_EQ(heap.size(), 0U);
  heap.arm(entry(5, 0, 1));
  EXPECT_EQ(pop(heap, 5), ids{1});
}

// Against a sorted map, with thousands of random operations.
TEST(timer_heap, behaves_like_a_sorted_map) {
  std::mt19937_64 random{42};
  timer_heap heap;
  using place = std::tuple<int, std::uint64_t>;  // due, order
  std::map<place, std::pair<int, std::uint64_t>> model;
  std::uint64_t order = 0;
  int now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto what = random() % 100;
    if (what < 55) {
      const int due = now + static_cast<int>(random() % 500);
      const int owner = static_cast<int>(random() % 4);
      heap.arm(entry(due, owner, order));
      model[{due, order}] = {owner, order};
      ++order;
    } else if (what < 90 && !model.empty()) {
      auto at = model.lower_bound({now + static_cast<int>(random() % 500), 0});
      if (at == model.end()) at = model.begin();
      ASSERT_TRUE(heap.cancel(entry(0, at->second.first, at->second.second).key));
      model.erase(at);
    } else if (what < 91) {
      const int owner = static_cast<int>(random() % 4);
      std::vector<timer_entry> taken;
      heap.cancel_owner(&owners[owner], taken);
      const auto gone = std::erase_if(model, [&](auto& x) { return x.second.first == owner; });
      ASSERT_EQ(taken.size(), gone);
    } else {
      now += static_cast<int>(random() % 40);
      ids expected;
      while (!model.empty() && std::get<0>(model.begin()->first) <= now) {
        expected.push_back(model.begin()->second.second);
        model.erase(model.begin());
      }
      ASSERT_EQ(pop(heap, now, 1'000'000), expected);
    }
    ASSERT_EQ(heap.size(), model.size());
  }
}

}  // namespace
}  // namespace troupe
