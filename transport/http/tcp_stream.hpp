// A non-blocking TCP connection on one io_context, behind a plain interface: Asio is instantiated
// in its .cpp file and nowhere above.
//
// Thread: the one that runs the io_context, in both directions.
// Bounds: none of its own; the owner watches queued_bytes().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::transport::http {

class tcp_stream {
 public:
  // What was lost: the attempt to connect, the peer's half (it closed), reading, or writing.
  enum class loss { connect, end, read, write };

  // Who uses the stream. Never called from inside a call into the stream, nor after close().
  class owner {
   public:
    virtual ~owner() = default;
    virtual void on_connected() {}

    // Tells that a read brought bytes.
    virtual void on_read(std::size_t bytes) = 0;

    // Tells that all that was queued has left.
    virtual void on_written() = 0;

    // Tells what failed, and the system's reason.
    virtual void on_lost(loss what, const std::string& why) = 0;

    // Tells that the time set by deadline() has come.
    virtual void on_deadline() = 0;
  };

  virtual ~tcp_stream() = default;

  // Takes over an accepted socket.
  static std::shared_ptr<tcp_stream> adopt(boost::asio::io_context& context, int socket,
                                           owner& user);

  // Connects to the first of the literal addresses that answers. A machine that falls silent, where
  // the kernel would wait for a quarter of an hour or for ever, is lost after 15 s.
  static std::shared_ptr<tcp_stream> connect(boost::asio::io_context& context,
                                             std::vector<std::string> addresses, std::uint16_t port,
                                             owner& user);

  // Reads some bytes; one read at a time, and the memory must stay until it ends.
  virtual void read(std::span<char> into) = 0;
  virtual bool reading() const = 0;

  // Writes a copy of the parts in order: few bytes in one system call at the end of this turn of
  // the loop, many at once; what the socket does not take follows when it can.
  virtual void write(std::string_view first, std::string_view second = {},
                     std::string_view third = {}) = 0;

  // The same for a head and a body, which is kept by its pointer instead of copied.
  virtual void write(std::string_view head, std::shared_ptr<const std::string> body) = 0;

  // The same, however long the body, at the end of this turn.
  virtual void write_later(std::string_view head, std::shared_ptr<const std::string> body) {
    write(head, std::move(body));
  }

  // Does not wait for the end of the turn, so that queued_bytes() tells what the socket took.
  virtual void write_now() = 0;

  // Bytes that the socket would not take yet, when it last took some, and when there last were
  // none.
  virtual std::size_t queued_bytes() const = 0;
  virtual time_point progress_at() const = 0;
  virtual time_point queued_since() const = 0;

  // Calls on_deadline once, then; a later call replaces an earlier one and is cheap when it only
  // moves the time on. time_point::max(): never.
  virtual void deadline(time_point when) = 0;

  // Tells the peer that nothing more comes.
  virtual void shutdown_send() = 0;

  // Closes now, dropping what is queued. The owner is not called again.
  virtual void close() = 0;

  // Address and port of the peer.
  virtual const std::string& peer() const = 0;
};

// Runs the function soon, outside of whatever runs now.
void post(boost::asio::io_context& context, std::function<void()> function);

}  // namespace troupe::transport::http
