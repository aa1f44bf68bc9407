#include "transport/zmq/message_socket.hpp"

#include <atomic>
#include <cstring>
#include <functional>
#include <utility>

#include <zmq.hpp>

namespace troupe::transport::zmq {

namespace {

::zmq::socket_type type_of(socket_kind kind) {
  switch (kind) {
    case socket_kind::pub:
      return ::zmq::socket_type::pub;
    case socket_kind::sub:
      return ::zmq::socket_type::sub;
    case socket_kind::dealer:
      return ::zmq::socket_type::dealer;
    case socket_kind::router:
      return ::zmq::socket_type::router;
    case socket_kind::pair:
      break;
  }
  return ::zmq::socket_type::pair;
}

// Not those without detail: a peer that closes in mid-handshake is not refused.
constexpr int refused_events =
    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

caf::error refused(std::string_view what, const std::string& endpoint, const std::exception& e) {
  return make_failure(errc::io_error,
                      "ZeroMQ: " + std::string{what} + " " + endpoint + ": " + e.what());
}

// ZeroMQ takes `*` for any free port, as others take 0.
std::string with_free_port(const std::string& endpoint) {
  if (!endpoint.starts_with("tcp://") || !endpoint.ends_with(":0")) return endpoint;
  return endpoint.substr(0, endpoint.size() - 1) + "*";
}

}  // namespace

message_context::message_context(int sockets_max) : context_{new ::zmq::context_t{1}} {
  context_->set(::zmq::ctxopt::max_sockets, sockets_max);
}

message_context::~message_context() = default;

// What becomes of connections is told by ZeroMQ's own thread, also while a socket closes.
void message_socket::closer::operator()(::zmq::socket_t* socket) const {
  static_cast<void>(zmq_socket_monitor(socket->handle(), nullptr, 0));
  delete socket;
}

message_socket::message_socket(socket_ptr socket) : socket_{std::move(socket)} {}

message_socket::~message_socket() = default;
message_socket::message_socket(message_socket&&) noexcept = default;
message_socket& message_socket::operator=(message_socket&&) noexcept = default;

caf::expected<message_socket> message_socket::open(message_context& context, socket_kind kind,
                                                   const socket_bounds& bounds) try {
  socket_ptr socket{new ::zmq::socket_t{*context.context_, type_of(kind)}};
  socket->set(::zmq::sockopt::linger, 0);
  socket->set(::zmq::sockopt::sndhwm, bounds.sent_max);
  socket->set(::zmq::sockopt::rcvhwm, bounds.received_max);
  socket->set(::zmq::sockopt::maxmsgsize, bounds.message_bytes_max);
  return message_socket{std::move(socket)};
} catch (const ::zmq::error_t& e) {
  return refused("cannot open a socket", "", e);
}

caf::expected<std::string> message_socket::bind(const std::string& at) try {
  socket_->bind(with_free_port(at));
  return socket_->get(::zmq::sockopt::last_endpoint);
} catch (const ::zmq::error_t& e) {
  return refused("cannot listen on", at, e);
}

caf::expected<void> message_socket::connect(const std::string& endpoint) try {
  socket_->connect(endpoint);
  return caf::unit;
} catch (const ::zmq::error_t& e) {
  return refused("cannot connect to", endpoint, e);
}

caf::expected<void> message_socket::reconnect(const std::string& endpoint) {
  static_cast<void>(zmq_disconnect(socket_->handle(), endpoint.c_str()));
  return connect(endpoint);
}

caf::expected<void> message_socket::subscribe(std::string_view topic) try {
  socket_->set(::zmq::sockopt::subscribe, topic);
  return caf::unit;
} catch (const ::zmq::error_t& e) {
  return refused("cannot subscribe to", std::string{topic}, e);
}

caf::expected<message_socket> message_socket::watch_connections(message_context& context) {
  return watch(context, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
}

caf::expected<message_socket> message_socket::watch_all_connections(message_context& context) {
  return watch(context, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                            ZMQ_EVENT_DISCONNECTED | refused_events);
}

caf::expected<message_socket> message_socket::watch(message_context& context, int events) {
  static std::atomic<std::uint64_t> count{0};
  const auto name = "inproc://connections-" + std::to_string(count++);
  if (zmq_socket_monitor(socket_->handle(), name.c_str(), events) != 0) {
    return make_failure(errc::io_error, "ZeroMQ: cannot watch a socket's connections");
  }
  auto watcher = open(context, socket_kind::pair);
  if (!watcher) return watcher.error();
  if (auto connected = watcher->connect(name); !connected) return connected.error();
  return watcher;
}

caf::expected<void> message_socket::keep(const connection_pace& pace) try {
  const auto set = [this](auto option, std::chrono::milliseconds value) {
    if (value.count() > 0) socket_->set(option, static_cast<int>(value.count()));
  };
  set(::zmq::sockopt::reconnect_ivl, pace.reconnect_min);
  set(::zmq::sockopt::reconnect_ivl_max, pace.reconnect_max);
  set(::zmq::sockopt::handshake_ivl, pace.handshake_max);
  set(::zmq::sockopt::tcp_maxrt, pace.silence_max);
  return caf::unit;
} catch (const ::zmq::error_t& e) {
  return refused("cannot set up a socket", "", e);
}

caf::expected<void> message_socket::serve_with(const cluster_key& key) try {
  socket_->set(::zmq::sockopt::curve_server, true);
  socket_->set(::zmq::sockopt::curve_secretkey, key.secret_key);
  return caf::unit;
} catch (const ::zmq::error_t&) {
  return make_failure(errc::unsupported, "this machine's ZeroMQ was built without CURVE");
}

caf::expected<void> message_socket::connect_with(const cluster_key& own,
                                                 const std::string& server_key) try {
  socket_->set(::zmq::sockopt::curve_serverkey, server_key);
  socket_->set(::zmq::sockopt::curve_publickey, own.public_key);
  socket_->set(::zmq::sockopt::curve_secretkey, own.secret_key);
  return caf::unit;
} catch (const ::zmq::error_t&) {
  return make_failure(errc::unsupported, "this machine's ZeroMQ was built without CURVE");
}

std::optional<connection_event> message_socket::read_connection_event(
    const std::vector<std::string>& frames) {
  std::uint16_t event = 0;
  std::int32_t value = 0;
  if (frames.size() != 2 || frames[0].size() != sizeof event + sizeof value) return std::nullopt;
  std::memcpy(&event, frames[0].data(), sizeof event);
  std::memcpy(&value, frames[0].data() + sizeof event, sizeof value);
  switch (event) {
    case ZMQ_EVENT_ACCEPTED:
    case ZMQ_EVENT_CONNECTED:
      return connection_event{connection_change::opened, frames[1], value};
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return connection_event{connection_change::up, frames[1]};
    case ZMQ_EVENT_DISCONNECTED:
      return connection_event{connection_change::down, frames[1], value};
    default:
      if ((event & refused_events) == 0) return std::nullopt;
      return connection_event{connection_change::refused, frames[1]};
  }
}

void message_socket::linger(std::chrono::milliseconds at_most) {
  socket_->set(::zmq::sockopt::linger, static_cast<int>(at_most.count()));
}

int message_socket::descriptor() const {
  return socket_->get(::zmq::sockopt::fd);
}

bool message_socket::is_writable() const {
  return (socket_->get(::zmq::sockopt::events) & ZMQ_POLLOUT) != 0;
}

bool message_socket::send(message_frame frame, bool more) try {
  const auto flags = more ? ::zmq::send_flags::sndmore : ::zmq::send_flags::none;
  return socket_->send(*frame.message_, flags | ::zmq::send_flags::dontwait).has_value();
} catch (const ::zmq::error_t&) {
  return false;
}

bool message_socket::receive(message_frame& into) try {
  return socket_->recv(*into.message_, ::zmq::recv_flags::dontwait).has_value();
} catch (const ::zmq::error_t&) {
  return false;
}

bool message_socket::send(std::span<const std::string_view> frames) try {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto more = i + 1 < frames.size() ? ::zmq::send_flags::sndmore : ::zmq::send_flags::none;
    const ::zmq::const_buffer frame{frames[i].data(), frames[i].size()};
    if (!socket_->send(frame, more | ::zmq::send_flags::dontwait)) return false;
  }
  return true;
} catch (const ::zmq::error_t&) {
  return false;  // the peer left in mid-message
}

std::optional<std::vector<std::string>> message_socket::receive() try {
  std::vector<std::string> frames;
  ::zmq::message_t frame;
  do {
    // The frames of a message arrive together: only the first can be missing.
    if (!socket_->recv(frame, ::zmq::recv_flags::dontwait)) return std::nullopt;
    frames.push_back(frame.to_string());
  } while (frame.more());
  return frames;
} catch (const ::zmq::error_t&) {
  return std::nullopt;
}

struct socket_poll::entries {
  std::vector<::zmq::pollitem_t> items;
};

socket_poll::socket_poll() : entries_{new entries} {}

socket_poll::~socket_poll() = default;

void socket_poll::clear() {
  entries_->items.clear();
}

std::size_t socket_poll::add(message_socket& socket) {
  entries_->items.push_back({socket.socket_->handle(), 0, ZMQ_POLLIN, 0});
  return entries_->items.size() - 1;
}

std::size_t socket_poll::add(int descriptor) {
  entries_->items.push_back({nullptr, descriptor, ZMQ_POLLIN, 0});
  return entries_->items.size() - 1;
}

void socket_poll::wait(std::optional<std::chrono::milliseconds> timeout) try {
  ::zmq::poll(entries_->items, timeout.value_or(std::chrono::milliseconds{-1}));
} catch (const ::zmq::error_t&) {
  for (auto& item : entries_->items) item.revents = 0;  // a signal came
}

bool socket_poll::is_readable(std::size_t index) const {
  return (entries_->items.at(index).revents & ZMQ_POLLIN) != 0;
}

std::optional<std::uint64_t> read_sequence_frame(std::string_view frame) {
  if (frame.size() != sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char byte : frame) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

std::string sequence_frame(std::uint64_t number) {
  std::string frame(sizeof number, '\0');
  for (std::size_t i = 0; i < frame.size(); ++i) {
    frame[i] = static_cast<char>(number >> (8 * (frame.size() - 1 - i)));
  }
  return frame;
}

}  // namespace troupe::transport::zmq
