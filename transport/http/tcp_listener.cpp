#include "transport/http/tcp_listener.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

#include <sys/socket.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace troupe::transport::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using executor = asio::io_context::executor_type;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor>;

constexpr int accepts_per_wakeup_max = 64;
constexpr int backlog_max = 65'536;
constexpr std::chrono::milliseconds pause_out_of_descriptors{50};

class asio_listener final : public tcp_listener,
                            public std::enable_shared_from_this<asio_listener> {
 public:
  asio_listener(asio::io_context& context, acceptor on_accept)
      : socket_{context.get_executor()},
        timer_{context.get_executor()},
        on_accept_{std::move(on_accept)} {}

  error_code bind(const options& where);
  void wait();
  std::uint16_t port() const override { return port_; }
  void close() override;

 private:
  void accept_some();
  void accept_the_rest();
  void wait_for_descriptors();

  asio::basic_socket_acceptor<tcp, executor> socket_;
  timer timer_;
  acceptor on_accept_;
  std::uint16_t port_ = 0;
};

error_code asio_listener::bind(const options& where) {
  error_code error;
  const auto address =
      asio::ip::make_address(where.address == "localhost" ? "127.0.0.1" : where.address, error);
  if (error) return error;
  const tcp::endpoint local{address, where.port};
  socket_.open(local.protocol(), error);
  if (!error) socket_.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error && where.shared) {
    const int on = 1;
    if (::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
      error.assign(errno, boost::system::system_category());
    }
  }
  if (!error) socket_.bind(local, error);
  if (!error) socket_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) socket_.non_blocking(true, error);
  if (!error) port_ = socket_.local_endpoint(error).port();
  return error;
}

void asio_listener::wait() {
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error && self->socket_.is_open()) self->accept_some();
  });
}

void asio_listener::accept_some() {
  for (int i = 0; i < accepts_per_wakeup_max && socket_.is_open(); ++i) {
    const int accepted =
        ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      on_accept_(accepted);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return wait_for_descriptors();
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
  }
  if (socket_.is_open()) wait();
}

void asio_listener::wait_for_descriptors() {
  timer_.expires_after(pause_out_of_descriptors);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->socket_.is_open()) self->accept_some();
  });
}

// Who was let into the kernel's queue believes to be connected: closing would reset him.
void asio_listener::accept_the_rest() {
  for (int i = 0; i < backlog_max && socket_.is_open(); ++i) {
    const int accepted =
        ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) on_accept_(accepted);
    if (accepted < 0 && errno != EINTR && errno != ECONNABORTED) return;
  }
}

void asio_listener::close() {
  error_code ignored;
  if (on_accept_) accept_the_rest();
  socket_.close(ignored);
  timer_.cancel();
  on_accept_ = nullptr;
}

}  // namespace

caf::expected<std::shared_ptr<tcp_listener>> tcp_listener::open(asio::io_context& context,
                                                                const options& where,
                                                                acceptor on_accept) {
  auto listener = std::make_shared<asio_listener>(context, std::move(on_accept));
  if (const auto error = listener->bind(where)) {
    return make_failure(errc::io_error, "cannot listen on " + where.address + ":" +
                                            std::to_string(where.port) + ": " + error.message());
  }
  listener->wait();
  return std::shared_ptr<tcp_listener>{std::move(listener)};
}

}  // namespace troupe::transport::http
