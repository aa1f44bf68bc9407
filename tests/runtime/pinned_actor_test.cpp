#include "runtime/pinned_actor.hpp"

#include <atomic>
#include <stdexcept>
#include <string>

#include "tests/runtime/worlds.hpp"

namespace troupe::testing {
namespace {

// Says which thread a message ran on: its index, or -1 off the I/O threads.
using place_actor = caf::typed_actor<caf::replies_to<int>::with<int>>;

int here() {
  auto* thread = io_thread::current();
  return thread != nullptr ? static_cast<int>(thread->index()) : -1;
}

class resident final : public pinned<place_actor::base> {
 public:
  resident(caf::actor_config& cfg, io_thread* home, std::atomic<int>* strangers)
      : pinned{cfg, home}, strangers_{strangers} {}

  behavior_type make_behavior() override {
    return {[this](int hops) {
      note();
      return hops;
    }};
  }

  void note() {
    ++calls;
    if (home() != nullptr && !home()->is_current()) ++*strangers_;
  }

  int calls = 0;  // plain: only the home thread touches it

 private:
  std::atomic<int>* strangers_;
};

class pinned_actor : public ::testing::Test {
 protected:
  place_actor spawn(std::size_t thread) {
    return spawn_pinned<resident>(world.system, &world.thread(thread), &strangers);
  }

  std::atomic<int> strangers{0};
  io_world world{2};
};

TEST_F(pinned_actor, runs_at_home_whoever_sends) {
  auto on_0 = spawn(0);
  auto on_1 = spawn(1);
  constexpr int rounds = 500;
  caf::scoped_actor self{world.system};
  for (int i = 0; i < rounds; ++i) {
    caf::anon_send(on_0, i);
    caf::anon_send(on_1, i);
  }
  for (std::size_t thread = 0; thread < 2; ++thread) {
    world.on_thread(thread, [&] {
      for (int i = 0; i < rounds; ++i) {
        caf::anon_send(on_0, i);
        caf::anon_send(on_1, i);
      }
      return true;
    });
  }
  for (const auto& actor : {on_0, on_1}) {
    self->request(actor, patience, 1).receive([](int) {}, [](const caf::error&) { FAIL(); });
  }
  EXPECT_EQ(strangers, 0);
  for (std::size_t t = 0; t < 2; ++t) {
    auto& object = object_of<resident>(t == 0 ? on_0 : on_1);
    EXPECT_EQ(world.on_thread(t, [&] { return object.calls; }), 3 * rounds + 1);
  }
}

TEST_F(pinned_actor, unpinned_actors_run_where_the_sender_is) {
  auto nomad = world.system.spawn([](place_actor::pointer) -> place_actor::behavior_type {
    return {[](int) { return here(); }};
  });
  for (int thread = 0; thread < 2; ++thread) {
    handed<int> place;
    const auto asker = [&](caf::event_based_actor* self) -> caf::behavior {
      self->request(nomad, caf::infinite, 1).then([&](int where) { place.set(where); });
      return {[](int) {}};
    };
    world.on_thread(static_cast<std::size_t>(thread), [&] {
      world.system.spawn(asker);
      return true;
    });
    EXPECT_EQ(place.get(), thread);
  }
}

TEST_F(pinned_actor, callbacks_of_its_thread_call_into_it) {
  auto actor = spawn(1);
  auto& object = object_of<resident>(actor);
  EXPECT_TRUE(world.on_thread(1, [&] {
    return object.call([&] {
      object.note();
      EXPECT_EQ(object.context(), world.thread(1).unit());
      EXPECT_EQ(object.current_mailbox_element(), nullptr);
      EXPECT_TRUE(object.call([&] { object.note(); })) << "calls may nest";
    });
  }));
  EXPECT_EQ(world.on_thread(1, [&] { return object.calls; }), 2);
}

TEST_F(pinned_actor, may_quit_in_a_call) {
  auto actor = spawn(0);
  caf::scoped_actor self{world.system};
  self->monitor(actor);
  EXPECT_FALSE(world.on_thread(0, [&] {
    auto& object = object_of<resident>(actor);
    return object.call([&] { object.quit(make_failure(errc::cancelled, "left")); });
  }));
  self->receive([&](const caf::down_msg& m) { EXPECT_EQ(failure_text(m.reason), "left"); });
  EXPECT_FALSE(world.on_thread(
      0, [&] { return object_of<resident>(actor).call([] { FAIL() << "it has ended"; }); }));
}

TEST_F(pinned_actor, ends_when_a_call_throws) {
  auto actor = spawn(0);
  caf::scoped_actor self{world.system};
  self->monitor(actor);
  EXPECT_FALSE(world.on_thread(0, [&] {
    return object_of<resident>(actor).call([] { throw std::runtime_error{"broken callback"}; });
  }));
  self->receive([&](const caf::down_msg& m) {
    EXPECT_EQ(failure_text(m.reason), "broken callback");
    EXPECT_EQ(failure_code(m.reason, errc::timeout), errc::process_died);
  });
}

using pinned_actor_death = pinned_actor;

TEST_F(pinned_actor_death, refuses_calls_from_another_thread) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        io_world other{1};
        auto actor = spawn_pinned<resident>(other.system, &other.thread(0), &strangers);
        object_of<resident>(actor).call([] {});
      },
      "home_->is_current");
}

}  // namespace
}  // namespace troupe::testing
