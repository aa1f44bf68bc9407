#include "runtime/io_thread.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "tests/runtime/worlds.hpp"

namespace troupe {
namespace {

namespace asio = boost::asio;
using testing::handed;

TEST(io_thread, runs_what_is_posted_in_order_on_itself) {
  io_thread thread{3};
  std::vector<int> seen;
  handed<io_thread*> last;
  for (int i = 0; i < 5; ++i) thread.post([&, i] { seen.push_back(i); });
  thread.start();
  thread.post([&] { last.set(io_thread::current()); });
  EXPECT_EQ(last.get(), &thread);
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(thread.index(), 3U);
  EXPECT_EQ(io_thread::current(), nullptr);
  EXPECT_EQ(thread.unit(), nullptr);
}

TEST(io_thread, takes_posts_from_many_threads) {
  constexpr int writers = 4;
  constexpr int each = 2'000;
  io_thread thread;
  thread.start();
  int sum = 0;  // no lock: only that thread touches it
  std::vector<std::jthread> threads;
  for (int w = 0; w < writers; ++w) {
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) thread.post([&] { ++sum; });
    });
  }
  threads.clear();
  handed<int> total;
  thread.post([&] { total.set(sum); });
  EXPECT_EQ(total.get(), writers * each);
}

TEST(io_thread, runs_on_the_calling_thread_until_the_work_is_done) {
  io_thread thread;
  int seen = 0;
  thread.post([&] {
    asio::post(thread.context(), [&] { seen = 1; });
    thread.finish();
  });
  thread.run();
  EXPECT_EQ(seen, 1);
}

TEST(io_thread, takes_move_only_tasks_and_destroys_those_that_never_ran) {
  auto value = std::make_shared<int>(1);
  {
    io_thread thread;
    thread.post([v = value, u = std::make_unique<int>(2)] { *v = *u; });
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
  EXPECT_EQ(*value, 1);
}

TEST(io_thread, finishes_only_when_nothing_is_pending_but_aborts_at_once) {
  io_thread thread;
  asio::ip::tcp::acceptor acceptor{thread.context(), {asio::ip::address_v4::loopback(), 0}};
  acceptor.async_accept([](const boost::system::error_code&, const asio::ip::tcp::socket&) {});
  thread.start();
  thread.finish();
  EXPECT_FALSE(thread.join_for(std::chrono::milliseconds{1}));
  thread.abort();
  EXPECT_TRUE(thread.join_for(testing::patience));
  EXPECT_TRUE(thread.join_for(testing::patience)) << "joined already";
}

struct counting_listener : turn_listener {
  void after_handler() override { ++turns; }
  caf::execution_unit* unit() override { return nullptr; }
  int turns = 0;
};

TEST(io_thread, calls_its_listener_after_each_handler) {
  counting_listener listener;
  io_thread thread;
  thread.attach(&listener);
  std::vector<int> turns_before;
  for (int i = 0; i < 3; ++i) thread.post([&] { turns_before.push_back(listener.turns); });
  thread.finish();
  thread.run();
  EXPECT_EQ(turns_before, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(listener.turns, 4);
}

TEST(io_thread_death, an_exception_in_a_handler_ends_the_process_with_its_text) {
  io_thread thread;
  thread.post([] { throw std::runtime_error{"handler broke"}; });
  EXPECT_DEATH(thread.run(), "handler broke");
}

}  // namespace
}  // namespace troupe
