#include "apps/bench/run_loop.hpp"

#include <csignal>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace troupe::apps::bench {

namespace asio = boost::asio;
using executor = asio::io_context::executor_type;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor>;
using boost::system::error_code;

struct run_loop::state {
  asio::io_context context{1};
  asio::executor_work_guard<executor> guard{context.get_executor()};
  asio::basic_signal_set<executor> signals{context.get_executor(), SIGINT, SIGTERM};
  std::function<void()> interrupted;
  bool is_interrupted = false;

  void watch() {
    signals.async_wait([this](const error_code& error, int number) {
      if (error) return;
      if (is_interrupted) {
        std::signal(number, SIG_DFL);
        std::raise(number);
      }
      is_interrupted = true;
      if (interrupted) interrupted();
      watch();
    });
  }
};

namespace {

class timed_alarm final : public run_loop::alarm {
 public:
  timed_alarm(asio::io_context& context, std::function<void()> call)
      : timer_{context.get_executor()}, call_{std::move(call)} {}

  void set(time_point when) override {
    timer_.expires_at(when);
    // A call that is on its way already must not find the alarm gone.
    timer_.async_wait([this, alive = std::weak_ptr{alive_}](const error_code& error) {
      if (!error && !alive.expired()) call_();
    });
  }
  void clear() override { timer_.cancel(); }

 private:
  timer timer_;
  std::function<void()> call_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

run_loop::run_loop() : state_{std::make_unique<state>()} {
  state_->watch();
}

run_loop::~run_loop() = default;

boost::asio::io_context& run_loop::context() {
  return state_->context;
}

void run_loop::run_until(const std::function<bool()>& condition) {
  while (!condition()) state_->context.run_one();
}

std::unique_ptr<run_loop::alarm> run_loop::make_alarm(std::function<void()> call) {
  return std::make_unique<timed_alarm>(state_->context, std::move(call));
}

void run_loop::on_interrupt(std::function<void()> call) {
  state_->interrupted = std::move(call);
}

bool run_loop::is_interrupted() const {
  return state_->is_interrupted;
}

}  // namespace troupe::apps::bench
