// The classes that run on I/O threads, unchanged, under CAF's test coordinator with virtual time.
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/runtime/sample_actors.hpp"
#include "tests/runtime/worlds.hpp"

namespace troupe::testing {
namespace {

using std::chrono::milliseconds;
using trace = std::vector<std::string>;

TEST(simulation, answers_before_the_deadline_and_errors_after_it) {
  sim_world world;
  trace seen;
  auto source = world.system.spawn<oracle>();
  auto sink = spawn_pinned<asker>(world.system, nullptr, source,
                                  [&](const std::string& s) { seen.push_back(s); });
  caf::anon_send(sink, question{1, 0});
  caf::anon_send(sink, question{2, 49});
  caf::anon_send(sink, question{3, 51});
  world.run();
  EXPECT_EQ(seen, (trace{"1=2"}));
  world.advance(milliseconds{49});
  EXPECT_EQ(seen, (trace{"1=2", "2=4"}));
  world.advance(milliseconds{1});
  EXPECT_EQ(seen, (trace{"1=2", "2=4", "3!timeout"}));
  world.advance(milliseconds{1000});
  EXPECT_EQ(seen.size(), 3U) << "a late answer is dropped";
  EXPECT_FALSE(world.scheduler().has_pending_timeout());
  caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  world.run();
  EXPECT_EQ(seen.back(), "end");
}

TEST(simulation, callbacks_enter_a_pinned_actor_without_a_home) {
  sim_world world;
  trace seen;
  auto source = world.system.spawn<oracle>();
  auto sink = spawn_pinned<asker>(world.system, nullptr, source,
                                  [&](const std::string& s) { seen.push_back(s); });
  auto& object = object_of<asker>(sink);
  EXPECT_TRUE(object.call([&] { object.put({4, 10}); }));
  world.run();
  world.advance(milliseconds{10});
  EXPECT_EQ(seen, (trace{"4=8"}));
  EXPECT_FALSE(object.call([&] { object.quit(); }));
  EXPECT_EQ(seen.back(), "end");
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  world.run();
}

// Random order of runnable jobs, random virtual time between them.
trace explore(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  sim_world world;
  trace seen;
  auto source = world.system.spawn<oracle>();
  std::vector<asker_actor> sinks;
  for (int i = 0; i < 4; ++i) {
    sinks.push_back(spawn_pinned<asker>(
        world.system, nullptr, source,
        [&seen, i](const std::string& s) { seen.push_back(std::to_string(i) + ":" + s); }));
  }
  for (int step = 0; step < 60; ++step) {
    const auto number = static_cast<int>(random() % 100);
    const auto delay = static_cast<int>(random() % 100);
    caf::anon_send(sinks[random() % sinks.size()], question{number, delay});
    auto& jobs = world.scheduler().jobs;
    std::shuffle(jobs.begin(), jobs.end(), random);
    world.scheduler().run(random() % 4);
    world.scheduler().advance_time(milliseconds{random() % 20});
  }
  for (auto& s : sinks) caf::anon_send_exit(s, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  world.run();
  return seen;
}

TEST(simulation, one_seed_gives_one_trace) {
  std::set<trace> distinct;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto first = explore(seed);
    EXPECT_EQ(first, explore(seed)) << "seed " << seed;
    distinct.insert(first);
  }
  EXPECT_EQ(distinct.size(), 20U);
}

}  // namespace
}  // namespace troupe::testing
