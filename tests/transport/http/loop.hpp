// An io_context driven by a test, and raw sockets on the loopback beside it.
//
// Thread: the test's. Nothing sleeps: waiting is running the loop until a condition holds.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace troupe::transport::http {

// Runs the loop while a condition does not hold.
class loop {
 public:
  loop();
  ~loop();

  boost::asio::io_context& context() { return *context_; }

  // Returns whether the condition came to hold within a generous time.
  bool run_until(const std::function<bool()>& condition,
                 std::chrono::milliseconds at_most = std::chrono::seconds{20});

  // Runs everything that is ready now, some rounds of it.
  void settle();

 private:
  std::unique_ptr<boost::asio::io_context> context_;
};

// One end of a TCP connection without any protocol; never blocks.
class raw_socket {
 public:
  raw_socket() = default;
  explicit raw_socket(int fd) : fd_{fd} {}
  raw_socket(raw_socket&& other) noexcept;
  raw_socket& operator=(raw_socket&& other) noexcept;
  ~raw_socket() { close(); }

  // Connects to a port of the loopback; a small receive buffer makes a slow reader.
  static raw_socket connect(std::uint16_t port, int receive_buffer_bytes = 0);

  bool is_open() const { return fd_ >= 0; }

  // Sends what the kernel takes and returns how much that was.
  std::size_t send(std::string_view bytes);

  // Reads what has come, at most so much, into received().
  void receive(std::size_t bytes_max = SIZE_MAX);
  const std::string& received() const { return received_; }
  void clear() { received_.clear(); }

  // True once the peer closed or reset, and all it sent is read.
  bool ended() const { return ended_; }

  void shutdown_send();
  void close();

  // Closes with a reset.
  void reset();

 private:
  int fd_ = -1;
  bool ended_ = false;
  std::string received_;
};

// A listening socket of the loopback without any protocol.
class raw_listener {
 public:
  explicit raw_listener(const char* address = "127.0.0.1");
  ~raw_listener();
  std::uint16_t port() const { return port_; }

  // Accepts a connection if one waits.
  bool accept(raw_socket& into);
  void close();

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace troupe::transport::http
