// Scheduling, fairness, timers from everywhere, and an orderly end.
#include "runtime/io_scheduler.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "tests/runtime/sample_actors.hpp"
#include "tests/runtime/worlds.hpp"

namespace troupe::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

TEST(io_scheduler, is_the_scheduler_of_its_system_only) {
  io_world world{2};
  sim_world simulated;
  EXPECT_EQ(io_scheduler::of(world.system), &world.scheduler());
  EXPECT_EQ(io_scheduler::of(simulated.system), nullptr);
  EXPECT_EQ(world.scheduler().threads(), 2U);
  EXPECT_EQ(world.scheduler().current(), nullptr);
  io_world other{2};
  world.on_thread(1, [&] {
    EXPECT_EQ(world.scheduler().current(), &world.thread(1));
    EXPECT_EQ(other.scheduler().current(), nullptr);
    return true;
  });
}

TEST(io_scheduler, every_actor_ends_and_gets_its_messages) {
  constexpr int actors = 2'000;
  std::atomic<int> messages{0};
  std::atomic<int> ends{0};
  {
    io_world world{2};
    for (int i = 0; i < actors; ++i) {
      auto actor = world.system.spawn([&](caf::event_based_actor* self) {
        self->attach_functor([&] { ++ends; });
        return caf::behavior{[&, self](int) {
          ++messages;
          self->quit();
        }};
      });
      caf::anon_send(actor, 1);
    }
  }
  EXPECT_EQ(messages, actors);
  EXPECT_EQ(ends, actors);
}

// Two of these keep each other busy for ever.
caf::behavior chatter(caf::event_based_actor* self) {
  return {[self](const caf::actor& peer, int n) { self->send(peer, caf::actor{self}, n + 1); }};
}

TEST(io_scheduler, endless_chatters_do_not_starve_io) {
  constexpr int echoes = 200;
  io_world world;
  auto a = world.system.spawn(chatter);
  auto b = world.system.spawn(chatter);
  caf::anon_send(a, b, 0);
  handed<int> done;
  struct echo : std::enable_shared_from_this<echo> {
    explicit echo(tcp::socket s) : server{std::move(s)} {}
    tcp::socket server;
    std::array<char, 1> byte{};
    void next() {
      asio::async_read(server, asio::buffer(byte),
                       [self = shared_from_this()](const auto& error, std::size_t) {
                         if (!error) self->reply();
                       });
    }
    void reply() {
      asio::async_write(server, asio::buffer(byte),
                        [self = shared_from_this()](const auto& error, std::size_t) {
                          if (!error) self->next();
                        });
    }
  };
  auto& context = world.thread().context();
  std::unique_ptr<tcp::acceptor> acceptor;
  const auto port = world.on_thread(0, [&] {
    acceptor = std::make_unique<tcp::acceptor>(context,
                                               tcp::endpoint{asio::ip::address_v4::loopback(), 0});
    acceptor->async_accept([&](const auto& error, tcp::socket socket) {
      if (error) return;
      std::make_shared<echo>(std::move(socket))->next();
    });
    return acceptor->local_endpoint().port();
  });
  asio::io_context own;
  tcp::socket client{own};
  client.connect({asio::ip::address_v4::loopback(), port});
  std::array<char, 1> byte{'x'};
  for (int i = 0; i < echoes; ++i) {
    asio::write(client, asio::buffer(byte));
    asio::read(client, asio::buffer(byte));  // without bounded drains this waits for ever
  }
  client.close();
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b, caf::exit_reason::user_shutdown);
  world.on_thread(0, [&] {
    acceptor.reset();
    return true;
  });
}

TEST(io_scheduler, a_self_talker_does_not_hold_the_thread) {
  io_world world;
  auto talker = world.system.spawn([](caf::event_based_actor* self) {
    self->send(self, 1);
    return caf::behavior{[self](int n) { self->send(self, n + 1); }};
  });
  for (int i = 0; i < 20; ++i) world.on_thread(0, [] { return true; });
  caf::anon_send_exit(talker, caf::exit_reason::user_shutdown);
}

TEST(io_scheduler, ends_with_timers_pending_and_sockets_open) {
  io_world world{2};
  auto hidden = world.system.spawn<caf::hidden>([](caf::event_based_actor* self) {
    self->delayed_send(self, std::chrono::minutes{60}, 1);
    return caf::behavior{[](int) {}};
  });
  auto socket = std::make_shared<tcp::acceptor>(world.thread(1).context(),
                                                tcp::endpoint{asio::ip::address_v4::loopback(), 0});
  world.on_thread(1, [&] {
    // The handler owns socket and actor: both go with the context, after the actors' end.
    socket->async_accept([socket, hidden](const auto&, const tcp::socket&) {});
    return true;
  });
  hidden = nullptr;
}

TEST(io_scheduler, actors_left_in_a_queue_at_the_end_are_released) {
  auto value = std::make_shared<int>(1);
  {
    io_world world;
    world.system.await_actors_before_shutdown(false);
    for (int i = 0; i < 100; ++i) {
      world.system.spawn([value, is_slow = i % 10 == 0](caf::event_based_actor* self) {
        self->send(self, 1);
        return caf::behavior{[self, value, is_slow](int n) {
          const auto until = now() + 2 * drain_budget{}.slow_time_max;
          while (is_slow && now() < until) continue;
          self->send(self, n);
        }};
      });
    }
  }
  EXPECT_EQ(value.use_count(), 1);
}

class io_clock_timers : public ::testing::Test {
 protected:
  void expect_none_armed() {
    // An actor cancels its timers after it has told its watchers: let its step end first.
    for (std::size_t i = 0; i < 2; ++i) world.on_thread(i, [] { return true; });
    EXPECT_EQ(world.scheduler().clock().armed(), 0U);
  }

  io_world world{2};
};

TEST_F(io_clock_timers, delayed_messages_come_in_order_of_their_deadlines) {
  handed<std::string> seen;
  world.system.spawn([&](caf::event_based_actor* self) {
    for (const int ms : {30, 10, 20, 40}) self->delayed_send(self, milliseconds{ms}, ms);
    return caf::behavior{[&, self, log = std::string{}](int ms) mutable {
      log += std::to_string(ms) + " ";
      if (ms != 40) return;
      seen.set(log);
      self->quit();
    }};
  });
  EXPECT_EQ(seen.get(), "10 20 30 40 ");
}

TEST_F(io_clock_timers, receive_timeouts_repeat) {
  handed<int> seen;
  world.system.spawn([&](caf::event_based_actor* self) {
    return caf::behavior{[](int) {}, caf::after(milliseconds{2}) >>
                                         [&, self, n = 0]() mutable {
                                           if (++n < 5) {
                                             self->send(self,
                                                        n);  // CAF arms the next after a message
                                             return;
                                           }
                                           seen.set(n);
                                           self->quit();
                                         }};
  });
  EXPECT_EQ(seen.get(), 5);
}

TEST_F(io_clock_timers, an_actor_that_quits_takes_its_timers_along) {
  caf::scoped_actor watcher{world.system};
  auto source = world.system.spawn<oracle>();
  auto actor = spawn_pinned<asker>(world.system, &world.thread(1), source, [](const auto&) {});
  world.on_thread(1, [&] {
    auto& object = object_of<asker>(actor);
    return object.call([&] {
      for (int i = 0; i < 100; ++i) {
        object.request(source, std::chrono::minutes{60}, question{i, 3'600'000}).then([](answer) {
        });
        object.delayed_send(actor, std::chrono::minutes{60}, question{});
      }
    });
  });
  watcher->send_exit(source, caf::exit_reason::user_shutdown);
  watcher->send_exit(actor, caf::exit_reason::user_shutdown);
  watcher->wait_for(source, actor);
  expect_none_armed();
  EXPECT_EQ(world.scheduler().clock().counts().fired, 0U);
}

TEST_F(io_clock_timers, threads_that_are_no_io_threads_may_arm_and_cancel) {
  constexpr int each = 500;
  std::atomic<int> seen{0};
  handed<bool> all;
  auto sink = world.system.spawn([&](caf::event_based_actor* self) {
    return caf::behavior{[&, self](int) {
      if (++seen != 2 * each) return;
      all.set(true);
      self->quit();
    }};
  });
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        caf::scoped_actor self{world.system};
        for (int i = 0; i < each; ++i) self->delayed_send(sink, milliseconds{i % 20}, i);
      });
    }
  }
  EXPECT_TRUE(all.get());
  expect_none_armed();
}

TEST_F(io_clock_timers, detached_actors_use_the_same_clock) {
  handed<caf::error> expired;
  auto source = world.system.spawn<oracle>();
  world.system.spawn<caf::detached>([&](caf::event_based_actor* self) {
    ask(
        self, source, milliseconds{5}, question{1, 3'600'000}, [](const answer&) {},
        [&, self](const caf::error& e) {
          expired.set(e);
          self->quit();
        });
    return caf::behavior{[](int) {}};
  });
  EXPECT_EQ(failure_code(expired.get(), errc::cancelled), errc::timeout);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

TEST_F(io_clock_timers, refuses_timers_once_closed) {
  world.on_thread(0, [&] {
    auto& clock = world.scheduler().clock();
    caf::scoped_actor self{world.system};
    clock.close();
    clock.schedule_message(clock.now() + std::chrono::minutes{60},
                           caf::actor_cast<caf::strong_actor_ptr>(self), nullptr);
    EXPECT_EQ(clock.armed(), 0U);
    return true;
  });
}

}  // namespace
}  // namespace troupe::testing
