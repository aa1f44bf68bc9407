#include "runtime/io_thread.hpp"

#include <future>
#include <optional>
#include <string>
#include <thread>

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "runtime/assert.hpp"
#include "runtime/log.hpp"

namespace troupe {

namespace asio = boost::asio;

namespace {

thread_local io_thread* current_thread = nullptr;

}  // namespace

struct io_thread::state {
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard{
      context.get_executor()};
  turn_listener* listener = nullptr;
  std::thread thread;
  std::promise<void> ended;
  std::future<void> end = ended.get_future();
};

io_thread::io_thread(std::size_t index) : index_{index}, state_{std::make_unique<state>()} {}

io_thread::~io_thread() {
  if (!state_->thread.joinable()) return;
  abort();
  state_->thread.join();
}

boost::asio::io_context& io_thread::context() {
  return state_->context;
}

void io_thread::post(task fn) {
  asio::post(state_->context, std::move(fn));
}

io_thread* io_thread::current() {
  return current_thread;
}

void io_thread::start() {
  TROUPE_ASSERT(!state_->thread.joinable());
  state_->thread = std::thread{[this] {
    pthread_setname_np(pthread_self(), ("io-" + std::to_string(index_)).c_str());
    run();
    state_->ended.set_value();
  }};
}

void io_thread::run() {
  TROUPE_ASSERT(current_thread == nullptr);
  current_thread = this;
  try {
    while (state_->context.run_one() != 0) {
      if (state_->listener != nullptr) state_->listener->after_handler();
    }
  } catch (const std::exception& e) {
    log::error("an exception reached the I/O loop", {{"what", e.what()}});
    TROUPE_ASSERT(!"exception in an I/O handler");
  }
  current_thread = nullptr;
}

void io_thread::finish() {
  post([this] { state_->guard.reset(); });
}

void io_thread::abort() {
  state_->context.stop();
}

bool io_thread::join_for(std::chrono::milliseconds limit) {
  if (!state_->thread.joinable()) return true;
  if (state_->end.wait_for(limit) != std::future_status::ready) return false;
  state_->thread.join();
  return true;
}

void io_thread::attach(turn_listener* listener) {
  state_->listener = listener;
}

caf::execution_unit* io_thread::unit() const {
  return state_->listener != nullptr ? state_->listener->unit() : nullptr;
}

}  // namespace troupe
