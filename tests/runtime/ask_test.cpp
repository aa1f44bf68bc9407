// Deadlines on real I/O threads.
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "tests/runtime/sample_actors.hpp"
#include "tests/runtime/worlds.hpp"

namespace troupe::testing {
namespace {

// Collects notes until `count` of them have come.
class notes {
 public:
  explicit notes(std::size_t count) : count_{count} {}

  asker::note sink() {
    return [this](const std::string& s) {
      std::lock_guard lock{mutex_};
      seen_.push_back(s);
      if (seen_.size() == count_) done_.set(seen_);
    };
  }
  std::vector<std::string> get() { return done_.get(); }

 private:
  std::size_t count_;
  std::mutex mutex_;
  std::vector<std::string> seen_;
  handed<std::vector<std::string>> done_;
};

TEST(ask, takes_the_answer_and_leaves_no_timer) {
  notes seen{2};
  io_world world;
  auto source = world.system.spawn<oracle>();
  auto sink = spawn_pinned<asker>(world.system, &world.thread(), source, seen.sink());
  caf::anon_send(sink, question{1, 0});
  caf::anon_send(sink, question{2, 0});
  EXPECT_EQ(seen.get(), (std::vector<std::string>{"1=2", "2=4"}));
  const auto counts = world.on_thread(0, [&] { return world.scheduler().clock().counts(); });
  EXPECT_EQ(counts.armed, 0U);
  EXPECT_EQ(counts.armed_total, 2U);
  EXPECT_EQ(counts.cancelled, 2U);
  EXPECT_EQ(counts.fired, 0U);
  caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

TEST(ask, expires_once_and_drops_the_late_answer) {
  notes seen{3};
  io_world world;
  auto source = world.system.spawn<oracle>();
  auto sink = spawn_pinned<asker>(world.system, &world.thread(), source, seen.sink());
  caf::anon_send(sink, question{1, 120});  // its answer comes between the two later notes
  caf::anon_send(sink, question{2, 500'000});
  world.on_thread(0, [&] {
    auto& object = object_of<asker>(sink);
    return object.call([&] {
      object.delayed_send(sink, std::chrono::milliseconds{200}, question{3, 0});
    });
  });
  EXPECT_EQ(seen.get(), (std::vector<std::string>{"1!timeout", "2!timeout", "3=6"}));
  caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

TEST(ask, reports_a_receiver_that_has_ended) {
  notes seen{1};
  io_world world;
  auto source = world.system.spawn<oracle>();
  auto sink = spawn_pinned<asker>(world.system, &world.thread(), source, seen.sink());
  {
    caf::scoped_actor self{world.system};
    self->send_exit(source, caf::exit_reason::user_shutdown);
    self->wait_for(source);
  }
  caf::anon_send(sink, question{1, 0});
  EXPECT_EQ(seen.get(), (std::vector<std::string>{"1!cancelled"}));  // no errc of ours
  caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
}

TEST(ask, ten_thousand_deadlines_pass_on_two_threads) {
  constexpr int count = 5'000;
  std::atomic<int> notes_seen{0};
  std::atomic<int> expired{0};
  handed<bool> all;
  const auto note = [&](const std::string& s) {
    if (s == "end") return;
    if (s.find("!timeout") != std::string::npos) ++expired;
    if (notes_seen.fetch_add(1) + 1 == 2 * count + 2) all.set(true);
  };
  io_world world{2};
  auto source = world.system.spawn<oracle>();
  for (std::size_t thread = 0; thread < 2; ++thread) {
    auto sink = spawn_pinned<asker>(world.system, &world.thread(thread), source, note);
    world.on_thread(thread, [&] {
      auto& object = object_of<asker>(sink);
      return object.call([&] {
        for (int i = 0; i < count; ++i) object.put({i, 1'000'000});
        object.put({0, 0});  // one that is answered, so that both ways meet
      });
    });
  }
  EXPECT_TRUE(all.get());
  // On a slow machine the deadline of the two that are answered may pass first.
  EXPECT_GE(expired, 2 * count);
  EXPECT_LE(expired, 2 * count + 2);
  const auto counts = world.scheduler().clock().counts();
  EXPECT_EQ(counts.fired, static_cast<std::uint64_t>(expired));
  EXPECT_EQ(counts.armed, 2U * count) << "only the oracle's delayed messages are left";
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

}  // namespace
}  // namespace troupe::testing
