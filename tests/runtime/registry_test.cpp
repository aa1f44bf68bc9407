#include "runtime/registry.hpp"

#include <string>
#include <thread>
#include <vector>

#include "tests/runtime/worlds.hpp"

namespace troupe {
namespace {

caf::actor spawn_any(caf::actor_system& system) {
  return system.spawn([](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
}

TEST(registry, names_the_latest) {
  testing::sim_world world;
  auto first = spawn_any(world.system);
  auto second = spawn_any(world.system);
  registry names;
  EXPECT_FALSE(names.find("router"));
  names.put("router", first);
  names.put("router", second);
  EXPECT_EQ(names.find_as<caf::actor>("router"), second);
  names.erase("router", caf::actor_cast<caf::strong_actor_ptr>(first));
  EXPECT_TRUE(names.find("router")) << "somebody else has the name by now";
  names.erase("router", caf::actor_cast<caf::strong_actor_ptr>(second));
  EXPECT_FALSE(names.find("router"));
  names.erase("nobody");
}

TEST(registry, versions_let_cached_handles_follow) {
  testing::sim_world world;
  registry names;
  cached_handle<caf::actor> cached{names, "a"};
  EXPECT_FALSE(cached.get());
  auto actor = spawn_any(world.system);
  names.put("a", actor);
  EXPECT_EQ(cached.get(), actor);
  const auto before = names.version();
  EXPECT_EQ(cached.get(), actor);
  names.put("b", actor);
  EXPECT_GT(names.version(), before);
  EXPECT_EQ(cached.get(), actor);
  names.erase("a");
  EXPECT_FALSE(cached.get());
  names.put("a", actor);
  cached.reset();
  EXPECT_EQ(cached.get(), actor);
}

TEST(registry, takes_changes_from_many_threads) {
  testing::sim_world world;
  auto actor = spawn_any(world.system);
  registry names;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, name = std::string(1, static_cast<char>('a' + t))] {
      cached_handle<caf::actor> cached{names, name};
      for (int i = 0; i < 500; ++i) {
        names.put(name, actor);
        EXPECT_EQ(cached.get(), actor);
        names.erase(name);
        EXPECT_FALSE(cached.get());
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(names.names().empty());
}

}  // namespace
}  // namespace troupe
