// Who waits, in which order, and who is turned away.
#include "actors/router/admission_queue.hpp"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace troupe::actors {
namespace {

using namespace std::chrono_literals;

time_point at(std::chrono::milliseconds since) {
  return time_point{} + 1h + since;
}

class admission_queue_test : public testing::Test {
 protected:
  static config::admission_limits small() {
    config::admission_limits limits;
    limits.requests_max = 4;
    limits.bytes_max = 1'000;
    return limits;
  }

  std::optional<ticket> add(std::uint64_t id, queued_request request) {
    if (request.model.empty()) request.model = "m";
    if (request.deadline == time_point{}) request.deadline = at(1h);
    return queue.add(ticket{id}, std::move(request));
  }

  // Serves up to `count` requests of a model and returns their tickets.
  std::vector<std::uint64_t> serve(const std::string& model = "m", std::size_t count = 100) {
    std::vector<std::uint64_t> served;
    queue.offer_each(model, now, [&](ticket id) {
      if (served.size() == count) return offer::held;
      served.push_back(static_cast<std::uint64_t>(id));
      return offer::taken;
    });
    return served;
  }

  admission_queue queue{small()};
  time_point now = at(0ms);
};

using tickets = std::vector<std::uint64_t>;

TEST_F(admission_queue_test, serves_in_order_of_arrival) {
  for (const auto id : {3, 1, 2}) EXPECT_FALSE(add(id, {.flow = "f"}));
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(serve(), (tickets{3, 1, 2}));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.models().empty());
}

TEST_F(admission_queue_test, the_lower_priority_number_goes_first) {
  add(1, {.flow = "f"});
  add(2, {.flow = "f", .priority = 5});
  add(3, {.flow = "f", .priority = -5});
  EXPECT_EQ(serve(), (tickets{3, 1, 2}));
}

TEST_F(admission_queue_test, flows_take_turns_within_a_priority) {
  add(1, {.flow = "greedy", .tokens = 10});
  add(2, {.flow = "greedy", .tokens = 10});
  add(3, {.flow = "greedy", .tokens = 10});
  add(4, {.flow = "modest", .tokens = 10});
  EXPECT_EQ(serve(), (tickets{1, 4, 2, 3}));
}

TEST_F(admission_queue_test, models_do_not_wait_for_each_other) {
  add(1, {.model = "a", .flow = "f"});
  add(2, {.model = "b", .flow = "f"});
  EXPECT_TRUE(queue.waits_for("a"));
  EXPECT_EQ(serve("b"), tickets{2});
  EXPECT_EQ(serve("c"), tickets{});
  EXPECT_EQ(queue.models(), std::vector<std::string>{"a"});
}

TEST_F(admission_queue_test, one_that_is_passed_holds_up_nobody) {
  for (const auto id : {1, 2, 3}) add(id, {.flow = "f"});
  tickets served;
  queue.offer_each("m", now, [&](ticket id) {
    if (id == ticket{1}) return offer::passed;
    served.push_back(static_cast<std::uint64_t>(id));
    return offer::taken;
  });
  EXPECT_EQ(served, (tickets{2, 3}));
  EXPECT_EQ(serve(), tickets{1});
}

TEST_F(admission_queue_test, holds_its_bounds_in_number_and_bytes) {
  for (const auto id : {1, 2, 3, 4}) EXPECT_FALSE(add(id, {.flow = "f", .bytes = 100}));
  EXPECT_EQ(add(5, {.flow = "f"}), ticket{5});
  EXPECT_EQ(queue.size(), 4u);
  serve("m", 2);
  EXPECT_EQ(queue.bytes(), 200u);
  EXPECT_EQ(add(6, {.flow = "f", .bytes = 801}), ticket{6});
  EXPECT_FALSE(add(7, {.flow = "f", .bytes = 800}));
  EXPECT_EQ(queue.bytes(), 1'000u);
}

TEST_F(admission_queue_test, the_more_important_displaces_the_least_important_and_latest) {
  add(1, {.flow = "f", .priority = 1});
  add(2, {.flow = "f", .priority = 2});
  add(3, {.flow = "f", .priority = 2});
  add(4, {.model = "other", .flow = "f", .priority = 0});
  EXPECT_EQ(add(5, {.flow = "f", .priority = 0}), ticket{3});
  EXPECT_EQ(add(6, {.flow = "f", .priority = 2}), ticket{6});
  EXPECT_EQ(serve(), (tickets{5, 1, 2}));
}

TEST_F(admission_queue_test, who_fills_the_queue_gives_way_to_who_has_less_waiting) {
  for (const auto id : {1, 2, 3, 4}) add(id, {.flow = "greedy", .tokens = 10});
  EXPECT_EQ(add(5, {.flow = "modest", .tokens = 10}), ticket{4});
  EXPECT_EQ(add(6, {.flow = "modest", .tokens = 10}), ticket{3});
  EXPECT_EQ(add(7, {.flow = "modest", .tokens = 10}), ticket{7});  // both have their half
  EXPECT_EQ(add(8, {.flow = "greedy", .tokens = 10}), ticket{8});
  EXPECT_EQ(serve(), (tickets{1, 5, 2, 6}));
}

TEST_F(admission_queue_test, what_was_displaced_is_not_paid_for) {
  for (const auto id : {1, 2, 3, 4}) add(id, {.flow = "greedy", .tokens = 10});
  add(5, {.flow = "modest", .tokens = 10});
  add(6, {.flow = "other", .tokens = 35});
  EXPECT_EQ(serve("m", 3), (tickets{1, 5, 6}));
  add(7, {.flow = "other", .tokens = 10});
  add(8, {.flow = "greedy", .tokens = 10});
  EXPECT_EQ(serve(), (tickets{2, 8, 7}));
}

// The tags of a model that has served much are large; that alone is no reason to give way.
TEST_F(admission_queue_test, models_are_compared_by_what_waits_there) {
  for (int i = 100; i < 110; ++i) {
    add(i, {.model = "old", .flow = "f", .tokens = 1'000});
    if (i > 100) serve("old", 1);
  }
  for (const auto id : {1, 2, 3}) add(id, {.model = "new", .flow = "g", .tokens = 800});
  EXPECT_EQ(add(4, {.model = "new", .flow = "h", .tokens = 1}), ticket{3});
}

TEST_F(admission_queue_test, what_can_never_fit_displaces_nobody) {
  add(1, {.flow = "f", .priority = 9, .bytes = 10});
  EXPECT_EQ(add(2, {.flow = "f", .priority = 0, .bytes = 1'001}), ticket{2});
  EXPECT_EQ(queue.size(), 1u);
}

TEST_F(admission_queue_test, a_queue_of_no_length_takes_nobody) {
  auto limits = small();
  limits.requests_max = 0;
  queue.set_limits(limits);
  EXPECT_EQ(add(1, {.flow = "f"}), ticket{1});
}

TEST_F(admission_queue_test, the_overdue_leave_in_the_order_of_their_deadlines) {
  add(1, {.flow = "f", .deadline = at(30ms)});
  add(2, {.flow = "f", .deadline = at(10ms)});
  add(3, {.flow = "f", .deadline = at(31ms)});
  EXPECT_TRUE(queue.expire(at(9ms)).empty());
  EXPECT_EQ(queue.expire(at(30ms)), (std::vector{ticket{2}, ticket{1}}));
  EXPECT_EQ(serve(), tickets{3});
}

TEST_F(admission_queue_test, one_that_leaves_is_never_served) {
  add(1, {.flow = "f", .bytes = 10});
  add(2, {.flow = "f"});
  EXPECT_TRUE(queue.remove(ticket{1}));
  EXPECT_FALSE(queue.remove(ticket{1}));
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_EQ(serve(), tickets{2});
}

TEST_F(admission_queue_test, retry_after_follows_the_rate_at_which_requests_leave) {
  EXPECT_EQ(queue.retry_after_s(now), 60u);  // nothing has left yet: nobody knows
  auto limits = small();
  limits.requests_max = 1'000;
  queue.set_limits(limits);
  for (int i = 0; i < 600; ++i) {
    now = at(100ms * i);
    add(1'000 + i, {.flow = "f"});
    serve("m", 1);
  }
  EXPECT_EQ(queue.retry_after_s(now), 1u);
  for (int i = 0; i < 99; ++i) add(2'000 + i, {.flow = "f"});
  EXPECT_NEAR(queue.retry_after_s(now), 10, 1);  // 100 at 10 a second
  EXPECT_GT(queue.retry_after_s(now + 20s), 40u);
}

// Keeps books of its own beside those of the queue.
class queue_property : public testing::TestWithParam<std::uint32_t> {
 protected:
  queue_property() : random{GetParam()} {
    limits.requests_max = 50;
    limits.bytes_max = 2'000;
    queue.set_limits(limits);
  }

  void add(std::uint64_t id) {
    queued_request request{.model = std::string(1, static_cast<char>('a' + random() % 3)),
                           .flow = std::to_string(random() % 7),
                           .priority = static_cast<std::int32_t>(random() % 3),
                           .tokens = 1.0 + random() % 100,
                           .bytes = random() % 100,
                           .deadline = now + std::chrono::milliseconds{random() % 400}};
    inside.emplace(ticket{id}, request);
    const auto left = queue.add(ticket{id}, request);
    if (!left) return;
    if (*left != ticket{id}) {
      const auto& displaced = inside.at(*left);
      EXPECT_GE(displaced.priority, request.priority);
      const bool is_of_its_flow = std::tie(displaced.model, displaced.priority, displaced.flow) ==
                                  std::tie(request.model, request.priority, request.flow);
      EXPECT_FALSE(is_of_its_flow);
    }
    gone(*left);
  }

  void serve() {
    std::int32_t last = 0;
    queue.offer_each("b", now, [&](ticket id) {
      EXPECT_EQ(inside.at(id).model, "b");
      EXPECT_GE(inside.at(id).priority, last);
      last = inside.at(id).priority;
      if (random() % 4 == 0) return offer::held;
      gone(id);
      return offer::taken;
    });
  }

  void expire() {
    for (const auto id : queue.expire(now)) {
      EXPECT_LE(inside.at(id).deadline, now);
      gone(id);
    }
  }

  void withdraw() {
    if (inside.empty()) return;
    const auto id = inside.begin()->first;
    EXPECT_TRUE(queue.remove(id));
    gone(id);
  }

  void gone(ticket id) { EXPECT_EQ(inside.erase(id), 1u); }

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [id, request] : inside) sum += request.bytes;
    return sum;
  }

  std::mt19937 random;
  config::admission_limits limits;
  admission_queue queue{limits};
  std::map<ticket, queued_request> inside;
  time_point now;
};

// Whatever comes and goes: the bounds hold, nothing is lost or doubled, priorities are obeyed.
TEST_P(queue_property, keeps_its_books) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (std::uint64_t step = 1; step <= 5'000; ++step) {
    now = at(std::chrono::milliseconds{step});
    const auto dice = random() % 10;
    if (dice < 6) {
      add(step);
    } else if (dice < 8) {
      serve();
    } else if (dice < 9) {
      expire();
    } else {
      withdraw();
    }
    ASSERT_EQ(queue.size(), inside.size());
    ASSERT_EQ(queue.bytes(), bytes());
    ASSERT_LE(queue.size(), limits.requests_max);
    ASSERT_LE(queue.bytes(), limits.bytes_max);
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, queue_property, testing::Range(1U, 11U));

}  // namespace
}  // namespace troupe::actors
