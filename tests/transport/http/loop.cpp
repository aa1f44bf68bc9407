#include "tests/transport/http/loop.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include "runtime/clock.hpp"

namespace troupe::transport::http {

namespace {

constexpr std::chrono::milliseconds slice{1};

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error{what};
}

}  // namespace

loop::loop() : context_{std::make_unique<boost::asio::io_context>(1)} {}

loop::~loop() = default;

bool loop::run_until(const std::function<bool()>& condition, std::chrono::milliseconds at_most) {
  const auto deadline = now() + at_most;
  while (!condition()) {
    if (now() > deadline) return false;
    context_->restart();
    if (context_->poll() == 0) {
      context_->restart();
      context_->run_one_for(slice);
    }
  }
  return true;
}

void loop::settle() {
  for (int round = 0; round < 20; ++round) {
    context_->restart();
    context_->poll();
  }
}

raw_socket::raw_socket(raw_socket&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      ended_{other.ended_},
      received_{std::move(other.received_)} {}

raw_socket& raw_socket::operator=(raw_socket&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  ended_ = other.ended_;
  received_ = std::move(other.received_);
  return *this;
}

raw_socket raw_socket::connect(std::uint16_t port, int receive_buffer_bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(fd >= 0, "socket");
  if (receive_buffer_bytes > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // On the loopback the kernel completes this without the other side's program.
  require(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  return raw_socket{fd};
}

std::size_t raw_socket::send(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto n =
        ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  return sent;
}

void raw_socket::receive(std::size_t bytes_max) {
  std::array<char, 65536> chunk;
  while (fd_ >= 0 && !ended_ && bytes_max > 0) {
    const auto n = ::recv(fd_, chunk.data(), std::min(chunk.size(), bytes_max), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) {
      ended_ = true;
      return;
    }
    received_.append(chunk.data(), static_cast<std::size_t>(n));
    bytes_max -= static_cast<std::size_t>(n);
  }
}

void raw_socket::shutdown_send() {
  ::shutdown(fd_, SHUT_WR);
}

void raw_socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void raw_socket::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

raw_listener::raw_listener(const char* address) {
  const bool v6 = std::string_view{address}.find(':') != std::string_view::npos;
  fd_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  require(fd_ >= 0, "socket");
  sockaddr_storage storage{};
  socklen_t size = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  storage.ss_family = v6 ? AF_INET6 : AF_INET;
  auto* v4_address = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6_address = reinterpret_cast<sockaddr_in6*>(&storage);
  void* bits = v6 ? static_cast<void*>(&v6_address->sin6_addr) : &v4_address->sin_addr;
  require(::inet_pton(storage.ss_family, address, bits) == 1, "address");
  require(::bind(fd_, reinterpret_cast<sockaddr*>(&storage), size) == 0, "bind");
  require(::listen(fd_, 64) == 0, "listen");
  require(::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size) == 0, "getsockname");
  port_ = ntohs(v6 ? v6_address->sin6_port : v4_address->sin_port);
}

raw_listener::~raw_listener() {
  close();
}

void raw_listener::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool raw_listener::accept(raw_socket& into) {
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return false;
  into = raw_socket{fd};
  return true;
}

}  // namespace troupe::transport::http
