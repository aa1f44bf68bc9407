#include "transport/zmq/socket_watch.hpp"

#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>

namespace troupe::transport::zmq {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using executor = asio::io_context::executor_type;
using descriptor = asio::posix::basic_stream_descriptor<executor>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor>;

}  // namespace

struct socket_watch::state : std::enable_shared_from_this<state> {
  state(io_thread& home, int fd, std::function<bool()> fn)
      : context{home.context()}, watched{context, fd}, read{std::move(fn)} {}
  ~state() { close(); }

  // To wait again asks the kernel again, so that what came since the last read is not missed.
  void wait() {
    watched.async_wait(descriptor::wait_read, [self = shared_from_this()](error_code failed) {
      if (!failed || failed == asio::error::operation_aborted) self->ready();
    });
  }

  void ready() {
    if (is_closed) return;
    const bool more = read();
    if (is_closed) return;
    if (!more) return wait();
    asio::post(context, [self = shared_from_this()] { self->ready(); });
  }

  void close() {
    if (std::exchange(is_closed, true)) return;
    watched.release();
  }

  asio::io_context& context;
  descriptor watched;
  std::function<bool()> read;
  bool is_closed = false;
};

socket_watch::socket_watch(io_thread& home, int descriptor, std::function<bool()> read)
    : state_{std::make_shared<state>(home, descriptor, std::move(read))} {
  asio::post(home.context(), [self = state_] { self->ready(); });
}

void socket_watch::look() {
  state_->watched.cancel();  // ends the wait; where there is none it is being read
}

socket_watch::~socket_watch() {
  state_->close();
}

struct steady_beat::state : std::enable_shared_from_this<state> {
  state(io_thread& home, std::chrono::milliseconds every, std::function<void()> fn)
      : clock{home.context()}, interval{every}, tick{std::move(fn)} {}

  void wait() {
    clock.expires_after(interval);
    clock.async_wait([self = shared_from_this()](error_code failed) {
      if (failed || self->is_closed) return;
      self->tick();
      if (!self->is_closed) self->wait();
    });
  }

  timer clock;
  std::chrono::milliseconds interval;
  std::function<void()> tick;
  bool is_closed = false;
};

steady_beat::steady_beat(io_thread& home, std::chrono::milliseconds interval,
                         std::function<void()> tick)
    : state_{std::make_shared<state>(home, interval, std::move(tick))} {
  state_->wait();
}

steady_beat::~steady_beat() {
  state_->is_closed = true;
  state_->clock.cancel();
}

}  // namespace troupe::transport::zmq
