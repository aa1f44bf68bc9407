// Slow actors beside others on one thread.
#include "runtime/io_unit.hpp"

#include <functional>
#include <memory>
#include <vector>

#include "tests/runtime/worlds.hpp"

namespace troupe::testing {
namespace {

// Works for longer than a drain may.
caf::behavior slow_worker(caf::event_based_actor*, std::shared_ptr<int> done,
                          std::function<void(int)> began) {
  return {[=](int) {
    began(*done);
    const auto until = now() + 2 * drain_budget{}.time_max;
    while (now() < until) continue;
    ++*done;
  }};
}

TEST(io_unit, a_backlog_of_slow_handlers_lets_others_in_between) {
  constexpr int backlog = 64;
  io_world world;
  const auto done = std::make_shared<int>(0);
  handed<std::vector<int>> waited;
  const auto seen = std::make_shared<std::vector<int>>();
  const auto fast = world.system.spawn([&](caf::event_based_actor*) {
    return caf::behavior{[&, done, seen](int before) {
      seen->push_back(*done - before);
      if (seen->size() == 3) waited.set(*seen);
    }};
  });
  // Each time as if something had come from a socket meanwhile.
  const auto began = [&world, fast](int done) {
    if (done % 20 != 0) return;
    world.thread().post([fast, done] { caf::anon_send(fast, done); });
  };
  const auto slow = world.system.spawn(slow_worker, done, began);
  world.on_thread(0, [&] {
    for (int i = 0; i < backlog; ++i) caf::anon_send(slow, i);
    return true;
  });
  const auto slow_messages = waited.get();
  EXPECT_LE(slow_messages[0], static_cast<int>(drain_budget{}.messages_per_resume_max) + 2);
  EXPECT_LE(slow_messages[1], 3) << "it is known to be slow";
  EXPECT_LE(slow_messages[2], 3);
}

}  // namespace
}  // namespace troupe::testing
