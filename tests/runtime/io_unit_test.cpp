// Slow actors beside others on one thread.
#include "runtime/io_unit.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "runtime/turn_member.hpp"
#include "tests/runtime/worlds.hpp"

namespace troupe::testing {
namespace {

namespace asio = boost::asio;

// Works for longer than slow actors may at a stretch.
caf::behavior slow_worker(caf::event_based_actor*, std::shared_ptr<int> done,
                          std::function<void(int)> began) {
  return {[=](int) {
    began(*done);
    const auto until = now() + 2 * drain_budget{}.slow_time_max;
    while (now() < until) continue;
    ++*done;
  }};
}

// Notes how many slow handlers ended between a request and the end of the turn that answers it.
class answers final : public turn_member, public std::enable_shared_from_this<answers> {
 public:
  answers(io_thread& thread, std::shared_ptr<int> done, std::size_t wanted)
      : thread_{thread}, done_{std::move(done)}, wanted_{wanted} {}

  void answer(int done_before) {
    before_ = done_before;
    at_turn_end(thread_, shared_from_this());
  }

  void turn_ended() override {
    waited_.push_back(*done_ - before_);
    if (waited_.size() == wanted_) all_.set(waited_);
  }

  // The median: any one of the actors may lose its processor, and is then held for slow.
  int usual() {
    auto waited = all_.get();
    std::sort(waited.begin(), waited.end());
    return waited[waited.size() / 2];
  }

 private:
  io_thread& thread_;
  std::shared_ptr<int> done_;
  std::size_t wanted_;
  int before_ = 0;
  std::vector<int> waited_;
  handed<std::vector<int>> all_;
};

class io_unit_test : public ::testing::Test {
 protected:
  static constexpr int every = 10;
  static constexpr std::size_t requests = 11;
  static constexpr int backlog = every * (static_cast<int>(requests) + 1);

  // Has a slow actor work on a backlog; `request` is called within a handler now and then.
  void work_slowly(std::function<void(int)> request) {
    const auto began = [=](int done) {
      if (done != 0 && done % every == 0) request(done);
    };
    const auto slow = world.system.spawn(slow_worker, done, began);
    world.on_thread(0, [&] {
      for (int i = 0; i < backlog; ++i) caf::anon_send(slow, i);
      return true;
    });
  }

  io_world world;
  std::shared_ptr<int> done = std::make_shared<int>(0);
  std::shared_ptr<answers> answered = std::make_shared<answers>(world.thread(), done, requests);
  caf::actor fast = world.system.spawn([out = answered](caf::event_based_actor*) {
    return caf::behavior{[out](int before) { out->answer(before); }};
  });
};

TEST_F(io_unit_test, what_is_posted_beside_a_slow_backlog_waits_for_one_handler) {
  work_slowly(
      [this](int done) { world.thread().post([to = fast, done] { caf::anon_send(to, done); }); });
  EXPECT_EQ(answered->usual(), 1);
}

TEST_F(io_unit_test, what_comes_from_a_socket_beside_a_slow_backlog_waits_for_one_handler) {
  using stream = asio::local::stream_protocol;
  struct connection {
    explicit connection(asio::io_context& context) : here{context}, there{context} {
      asio::local::connect_pair(here, there);
    }
    void next(const caf::actor& to) {
      asio::async_read(here, asio::buffer(bytes), [this, to](const auto& error, std::size_t) {
        if (error) return;
        caf::anon_send(to, bytes[0]);
        next(to);
      });
    }
    stream::socket here, there;
    std::array<int, 1> bytes{};
  };
  auto& context = world.thread().context();
  auto pair = world.on_thread(0, [&] {
    auto made = std::make_unique<connection>(context);
    made->next(fast);
    return made;
  });
  work_slowly([&](int done) {
    const std::array<int, 1> bytes{done};
    asio::write(pair->there, asio::buffer(bytes));
  });
  EXPECT_EQ(answered->usual(), 1);
  world.on_thread(0, [&] {
    pair->here.close();
    return true;
  });
  world.on_thread(0, [&] {
    pair.reset();
    return true;
  });
}

TEST_F(io_unit_test, who_is_slow_without_a_backlog_lets_others_first) {
  const auto slow = world.system.spawn(slow_worker, done, [](int) {});
  const auto seen = std::make_shared<std::vector<int>>();
  const auto reader = world.system.spawn([this, seen](caf::event_based_actor*) {
    return caf::behavior{[this, seen](int before) { seen->push_back(*done - before); }};
  });
  for (int round = 0; round < 20; ++round) {
    world.on_thread(0, [&] {
      caf::anon_send(slow, round);
      caf::anon_send(reader, *done);
      return true;
    });
    while (world.on_thread(0, [&] { return *done <= round; })) continue;
  }
  const auto waited = world.on_thread(0, [&] { return *seen; });
  EXPECT_EQ(waited.front(), 1) << "nobody knows yet";
  EXPECT_GT(std::count(waited.begin(), waited.end(), 0), 10);
}

TEST_F(io_unit_test, slow_actors_go_on_beside_others_that_never_rest) {
  const auto chatter = [](caf::event_based_actor* self) {
    return caf::behavior{
        [self](const caf::actor& peer, int n) { self->send(peer, caf::actor{self}, n + 1); }};
  };
  const auto a = world.system.spawn(chatter);
  const auto b = world.system.spawn(chatter);
  caf::anon_send(a, b, 0);
  work_slowly([this](int done) { caf::anon_send(fast, done); });
  EXPECT_LE(answered->usual(), 1 + every);
  for (const auto& each : {a, b}) caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
}

}  // namespace
}  // namespace troupe::testing
