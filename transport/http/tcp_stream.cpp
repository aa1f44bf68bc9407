#include "transport/http/tcp_stream.hpp"

#include <array>
#include <utility>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "runtime/assert.hpp"
#include "runtime/turn_end.hpp"
#include "transport/http/outbox.hpp"
#include "transport/http/peer_silence.hpp"

namespace troupe::transport::http {

namespace {

// More than that is not kept for the end of a turn unless the user asks for it.
constexpr std::size_t turn_bytes_max = 64 * 1024;

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<tcp, executor>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor>;

std::array<asio::const_buffer, 2> buffers_of(const outbox::parts& parts) {
  return {asio::buffer(parts[0].data(), parts[0].size()),
          asio::buffer(parts[1].data(), parts[1].size())};
}

class asio_stream final : public tcp_stream,
                          public turn_end::member,
                          public std::enable_shared_from_this<asio_stream> {
 public:
  asio_stream(asio::io_context& context, owner& user)
      : turn_{asio::use_service<turn_end>(context)},
        socket_{context.get_executor()},
        timer_{context.get_executor()},
        owner_{&user} {}

  void adopt_socket(int socket);
  void connect_first_of(std::vector<std::string> addresses, std::uint16_t port);

  void read(std::span<char> into) override;
  bool reading() const override { return reading_; }
  void write(std::string_view first, std::string_view second, std::string_view third) override;
  void write(std::string_view head, std::shared_ptr<const std::string> body) override;
  void write_later(std::string_view head, std::shared_ptr<const std::string> body) override;
  void write_now() override;
  std::size_t queued_bytes() const override { return in_turn_ && !writing_ ? 0 : out_.size(); }
  time_point progress_at() const override { return progress_at_; }
  time_point queued_since() const override { return queued_since_; }
  void deadline(time_point when) override;
  void shutdown_send() override;
  void close() override;
  const std::string& peer() const override { return peer_; }
  void turn_ended() override;

 private:
  void connect_next(std::string why);
  void set_up();
  void send(bool at_once);
  void write_some();
  void flush();
  void flushed(const error_code& error, std::size_t bytes);
  void lose(loss what, std::string why);
  void arm(time_point when);

  turn_end& turn_;
  tcp_socket socket_;
  timer timer_;
  owner* owner_;
  outbox out_;
  std::vector<std::string> addresses_;  // still to try
  std::uint16_t port_ = 0;
  std::string peer_;
  time_point progress_at_{};
  time_point queued_since_{};
  time_point deadline_ = time_point::max();
  time_point armed_for_ = time_point::max();
  bool reading_ = false;
  bool writing_ = false;
  bool in_turn_ = false;  // turn_ has this stream
  bool queued_ = false;   // bytes wait in out_
  bool broken_ = false;   // writing failed: what follows is dropped
};

void asio_stream::adopt_socket(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const bool known = ::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  error_code error;
  socket_.assign(known && address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), socket, error);
  if (error) {
    ::close(socket);
    return lose(loss::connect, error.message());
  }
  set_up();
}

void asio_stream::set_up() {
  error_code error;
  socket_.non_blocking(true, error);
  socket_.set_option(tcp::no_delay{true}, error);
  const auto remote = socket_.remote_endpoint(error);
  if (error) return;
  const std::string host = remote.address().to_string();
  peer_ = remote.address().is_v6() ? "[" + host + "]" : host;
  peer_ += ":" + std::to_string(remote.port());
}

void asio_stream::connect_first_of(std::vector<std::string> addresses, std::uint16_t port) {
  addresses_ = std::move(addresses);
  port_ = port;
  connect_next("the name has no address");
}

void asio_stream::connect_next(std::string why) {
  if (addresses_.empty()) return lose(loss::connect, std::move(why));
  error_code error;
  const auto address = asio::ip::make_address(addresses_.front(), error);
  addresses_.erase(addresses_.begin());
  const tcp::endpoint remote{address, port_};
  error_code ignored;
  socket_.close(ignored);
  if (!error) socket_.open(remote.protocol(), error);
  if (error) return connect_next(error.message());
  watch_for_silence(socket_.native_handle());
  socket_.async_connect(remote, [self = shared_from_this()](const error_code& failure) {
    if (self->owner_ == nullptr) return;
    if (failure) return self->connect_next(failure.message());
    self->set_up();
    self->owner_->on_connected();
  });
}

void asio_stream::read(std::span<char> into) {
  if (owner_ == nullptr) return;
  TROUPE_ASSERT(!reading_ && !into.empty());
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(into.data(), into.size()),
      [self = shared_from_this()](const error_code& error, std::size_t bytes) {
        self->reading_ = false;
        if (self->owner_ == nullptr) return;
        if (!error) return self->owner_->on_read(bytes);
        self->owner_->on_lost(error == asio::error::eof ? loss::end : loss::read, error.message());
      });
}

void asio_stream::write(std::string_view first, std::string_view second, std::string_view third) {
  if (owner_ == nullptr || broken_) return;
  for (const std::string_view part : {first, second, third}) out_.add(part);
  send(out_.size() > turn_bytes_max);
}

void asio_stream::write(std::string_view head, std::shared_ptr<const std::string> body) {
  write_later(head, std::move(body));
  if (owner_ != nullptr && out_.size() > turn_bytes_max) write_now();
}

void asio_stream::write_later(std::string_view head, std::shared_ptr<const std::string> body) {
  if (out_.size() != 0) return write(head, *body, {});
  if (owner_ == nullptr || broken_) return;
  out_.add_body(head, std::move(body));
  send(false);
}

void asio_stream::send(bool at_once) {
  if (writing_ || out_.size() == 0) return;
  if (at_once) return write_now();
  if (!std::exchange(in_turn_, true)) turn_.add(shared_from_this());
}

void asio_stream::write_now() {
  write_some();
  flush();
}

void asio_stream::turn_ended() {
  if (std::exchange(in_turn_, false) && owner_ != nullptr) write_now();
}

// Writes what the socket takes without waiting.
void asio_stream::write_some() {
  while (out_.size() != 0 && !broken_ && !writing_) {
    const auto parts = out_.front();
    error_code error;
    const std::size_t bytes = socket_.write_some(buffers_of(parts), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) {
      broken_ = true;
      return lose(loss::write, error.message());
    }
    out_.sent(bytes);
    if (bytes < parts[0].size() + parts[1].size()) break;
  }
}

void asio_stream::flush() {
  if (writing_ || broken_ || out_.size() == 0) return;
  writing_ = true;
  progress_at_ = now();
  if (!std::exchange(queued_, true)) queued_since_ = progress_at_;
  socket_.async_write_some(buffers_of(out_.front()),
                           [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                             self->flushed(error, bytes);
                           });
}

void asio_stream::flushed(const error_code& error, std::size_t bytes) {
  writing_ = false;
  if (owner_ == nullptr || broken_) return;
  if (error) {
    broken_ = true;
    return owner_->on_lost(loss::write, error.message());
  }
  out_.sent(bytes);
  queued_ = out_.size() != 0;
  if (!queued_) return owner_->on_written();
  flush();
}

void asio_stream::lose(loss what, std::string why) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), what, why = std::move(why)] {
    if (self->owner_ != nullptr) self->owner_->on_lost(what, why);
  });
}

void asio_stream::deadline(time_point when) {
  deadline_ = when;
  if (when < armed_for_ && owner_ != nullptr) arm(when);
}

void asio_stream::arm(time_point when) {
  armed_for_ = when;
  timer_.expires_at(when);
  timer_.async_wait([self = shared_from_this(), when](const error_code& error) {
    if (error || self->armed_for_ != when || self->owner_ == nullptr) return;
    self->armed_for_ = time_point::max();
    if (self->deadline_ == time_point::max()) return;
    if (now() < self->deadline_) return self->arm(self->deadline_);
    self->deadline_ = time_point::max();
    self->owner_->on_deadline();
  });
}

void asio_stream::shutdown_send() {
  if (in_turn_) write_some();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void asio_stream::close() {
  if (owner_ == nullptr) return;
  owner_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace

std::shared_ptr<tcp_stream> tcp_stream::adopt(asio::io_context& context, int socket, owner& user) {
  auto stream = std::make_shared<asio_stream>(context, user);
  stream->adopt_socket(socket);
  return stream;
}

std::shared_ptr<tcp_stream> tcp_stream::connect(asio::io_context& context,
                                                std::vector<std::string> addresses,
                                                std::uint16_t port, owner& user) {
  auto stream = std::make_shared<asio_stream>(context, user);
  stream->connect_first_of(std::move(addresses), port);
  return stream;
}

void post(asio::io_context& context, std::function<void()> function) {
  asio::post(context.get_executor(), std::move(function));
}

}  // namespace troupe::transport::http
