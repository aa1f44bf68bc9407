#include "transport/zmq/link_intake.hpp"

#include <random>
#include <utility>

namespace troupe::transport::zmq {

namespace {

constexpr std::size_t frames_max =
    frame_limits::batch_blobs + link_bounds::blobs_max;  // behind the first

constexpr socket_bounds router_bounds{
    .sent_max = 64, .received_max = 256, .message_bytes_max = frame_limits::frame_bytes_max};

constexpr connection_pace router_pace{.handshake_max = std::chrono::milliseconds{5'000}};

std::uint64_t random_token() {
  std::random_device random;
  std::uint64_t token = 0;
  while (token == 0) token = std::uint64_t{random()} << 32 | random();
  return token;
}

}  // namespace

caf::expected<link_intake::sockets> link_intake::open(message_context& context,
                                                      const link_options& options) {
  auto router = message_socket::open(context, socket_kind::router, router_bounds);
  if (!router) return router.error();
  if (auto done = router->keep(router_pace); !done) return done.error();
  auto connections = router->watch_all_connections(context);
  if (!connections) return connections.error();
  if (!options.key) return sockets{std::move(*connections), std::move(*router), nullptr};
  auto guard = key_guard::open(context, options.key->public_key);
  if (!guard) return guard.error();
  if (auto done = router->serve_with(*options.key); !done) return done.error();
  return sockets{std::move(*connections), std::move(*router), std::move(*guard)};
}

link_intake::link_intake(sockets opened, const parts& p)
    : parts_{p}, sockets_{std::move(opened)}, guard_{unread_max} {}

void link_intake::start(io_thread& home) {
  watches_.push_back(std::make_unique<socket_watch>(home, sockets_->router.descriptor(),
                                                    [this] { return read(); }));
  watches_.push_back(std::make_unique<socket_watch>(home, sockets_->connections.descriptor(),
                                                    [this] { return read_connections(); }));
  if (!sockets_->guard) return;
  sockets_->guard->start(home, [this](const std::string& address) {
    parts_.hellos.refused_connection(connection_flaw::another_key, address);
  });
}

void link_intake::close() {
  watches_.clear();
  sockets_.reset();
  granted_.clear();
}

bool link_intake::read_connections() {
  for (int i = 0; i < turn_messages_max; ++i) {
    const auto frames = sockets_->connections.receive();
    if (!frames) return false;
    const auto event = message_socket::read_connection_event(*frames);
    if (!event) continue;
    guard_.changed(*event);
    if (event->change == connection_change::refused) {
      parts_.hellos.refused_connection(connection_flaw::no_handshake, event->endpoint);
    }
  }
  return true;
}

void link_intake::look() {
  if (!sockets_) return;
  read_connections();
  cut_off(guard_.look());
  if (guard_.has_suspects()) watches_.front()->look();
}

void link_intake::cut_off(const connection_guard::addresses& peers) {
  for (const auto& peer : peers) {
    parts_.hellos.refused_connection(connection_flaw::endless_message, peer);
  }
}

void link_intake::forget(const zmq_link_ptr& link) {
  if (link->granted != 0) granted_.erase(link->granted);
}

bool link_intake::read() {
  turn_at_ = now();
  turn_bytes_ = 0;
  const auto until = turn_at_ + turn_time_max;
  for (int i = 0; i < turn_messages_max; ++i) {
    if (!sockets_) return false;
    if (!read_message()) {
      if (guard_.has_suspects()) cut_off(guard_.all_read());
      return false;
    }
    if (turn_bytes_ >= turn_bytes_max) return true;
    if (i % 8 == 7 && now() >= until) return true;
  }
  return true;
}

bool link_intake::read_message() {
  if (!sockets_->router.receive(from_)) return false;
  auto& counts = parts_.counts;
  counts.frames_received.fetch_add(1, std::memory_order_relaxed);
  guard_.delivered(from_.connection());
  blobs_.clear();
  bool is_good = from_.more() && sockets_->router.receive(frame_);
  for (bool more = is_good && frame_.more(); more;) {
    message_frame blob;
    if (!sockets_->router.receive(blob)) break;
    more = blob.more();
    is_good = is_good && blobs_.size() < frames_max;
    counts.bytes_received.fetch_add(blob.view().size(), std::memory_order_relaxed);
    turn_bytes_ += blob.view().size();
    if (is_good) blobs_.push_back(blob.release());
  }
  const auto header = is_good ? read_header(frame_.view()) : std::nullopt;
  if (!header) {
    counts.malformed.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  counts.bytes_received.fetch_add(frame_.view().size(), std::memory_order_relaxed);
  take(*header);
  blobs_.clear();
  return true;
}

void link_intake::take(const link_header& header) {
  if (header.version != link_version) {
    const link_refusal refusal{refusal_reason::protocol, "this node speaks version " +
                                                             std::to_string(link_version) +
                                                             " of the frames between nodes, not " +
                                                             std::to_string(header.version)};
    if (header.kind != frame_kind::hello) return;
    parts_.hellos.refused_hello(refusal, "");
    return answer_with(refusal_frame(refusal));
  }
  switch (header.kind) {
    case frame_kind::hello:
      return take_hello();
    case frame_kind::batch:
    case frame_kind::heartbeat:
      return take_of_peer(header);
    case frame_kind::letter: {
      const auto bytes = body_of(frame_.view());
      if (bytes.size() > link_bounds::letter_bytes_max || !blobs_.empty()) break;
      parts_.counts.letters_received.fetch_add(1, std::memory_order_relaxed);
      return parts_.listener.letter(bytes);
    }
    default:
      break;
  }
  parts_.counts.malformed.fetch_add(1, std::memory_order_relaxed);
}

void link_intake::take_hello() {
  const auto read = read_hello(body_of(frame_.view()));
  const auto* hello = std::get_if<link_hello>(&read);
  if (hello == nullptr) {
    parts_.counts.malformed.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const auto reply = parts_.hellos.said_hello(*hello);
  if (const auto* refusal = std::get_if<link_refusal>(&reply)) {
    parts_.hellos.refused_hello(*refusal, hello->node.id.name);
    return answer_with(refusal_frame(*refusal));
  }
  const auto& link = std::get<zmq_link_ptr>(reply);
  if (link->ended()) return;  // by the listener, just now
  grant(link);
  answer_with(welcome_frame(link->granted, parts_.self));
  heard(link);
}

void link_intake::grant(const zmq_link_ptr& link) {
  if (link->granted != 0) return;
  link->granted = random_token();
  granted_[link->granted] = link;
}

void link_intake::take_of_peer(const link_header& header) {
  const auto known = granted_.find(header.token);
  if (known == granted_.end() || known->second->ended()) {
    parts_.counts.unknown_token.fetch_add(1, std::memory_order_relaxed);
    // Only the control lane's DEALER is read there, and heartbeats come there steadily.
    if (header.where != lane::control) return;
    return answer_with(write_header({.kind = frame_kind::unknown, .token = header.token}));
  }
  const auto link = known->second;
  const auto judged = link->order[static_cast<std::size_t>(header.where)].take(header.sequence);
  if (judged == arrival::late) {
    parts_.counts.late.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  heard(link);
  if (judged == arrival::after_gap) lost(link, header.where);
  if (header.kind == frame_kind::batch) take_batch(link, header.where);
}

void link_intake::lost(const zmq_link_ptr& link, lane where) {
  parts_.counts.gaps.fetch_add(1, std::memory_order_relaxed);
  link->gaps.fetch_add(1, std::memory_order_relaxed);
  if (!link->ended()) parts_.listener.gap(link, where);
}

void link_intake::take_batch(const zmq_link_ptr& link, lane where) {
  const auto body = body_of(frame_.view());
  if (!is_batch(body, blobs_.size())) {
    parts_.counts.malformed.fetch_add(1, std::memory_order_relaxed);
    return lost(link, where);
  }
  batch_reader in{body};
  std::size_t at = 0;
  std::uint64_t records = 0;
  while (const auto record = link->ended() ? std::nullopt : in.next()) {
    const auto own = std::span{blobs_}.subspan(at, record->blobs);
    at += record->blobs;
    ++records;
    parts_.listener.received(link, where, record->bytes, own);
  }
  parts_.counts.records_received.fetch_add(records, std::memory_order_relaxed);
  link->received.fetch_add(records, std::memory_order_relaxed);
}

void link_intake::heard(const zmq_link_ptr& link) {
  if (turn_at_ - link->heard_at < parts_.heard_interval || link->ended()) return;
  link->heard_at = turn_at_;
  parts_.listener.heard(link);
}

void link_intake::answer_with(std::string frame) {
  sockets_->router.send(message_frame{from_.view()}, true);
  sockets_->router.send(message_frame{frame}, false);
}

}  // namespace troupe::transport::zmq
