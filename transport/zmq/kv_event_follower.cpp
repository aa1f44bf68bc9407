#include "transport/zmq/kv_event_follower.hpp"

#include <algorithm>
#include <utility>

#include "transport/zmq/kv_event_codec.hpp"

namespace troupe::transport::zmq {

namespace {

// Messages read from one socket before the others have their turn.
constexpr int turn_messages_max = 256;

// The end marker is -1; nothing that far up is a sequence number.
constexpr std::uint64_t sequence_end = 1ULL << 63;

socket_bounds bounds_of(const kv_subscriber_limits& limits) {
  return {1'000, limits.receive_batches_max,
          static_cast<std::int64_t>(limits.decode.payload_bytes_max)};
}

}  // namespace

caf::expected<std::unique_ptr<kv_event_follower>> kv_event_follower::make(
    message_context& context, const kv_event_source& source, const kv_subscriber_limits& limits) {
  auto live = message_socket::open(context, socket_kind::sub, bounds_of(limits));
  if (!live) return live.error();
  auto connections = live->watch_connections(context);
  if (!connections) return connections.error();
  if (auto done = live->subscribe(source.topic); !done) return done.error();
  if (auto done = live->connect(source.endpoint); !done) return done.error();
  if (!source.replay_endpoint.empty()) {
    // Tried here, so that a malformed endpoint is an error of whoever names it.
    auto probe = message_socket::open(context, socket_kind::dealer);
    if (!probe) return probe.error();
    if (auto done = probe->connect(source.replay_endpoint); !done) return done.error();
  }
  return std::unique_ptr<kv_event_follower>{new kv_event_follower{
      context, source, sockets{std::move(*live), std::move(*connections)}, limits}};
}

kv_event_follower::kv_event_follower(message_context& context, kv_event_source source,
                                     sockets opened, const kv_subscriber_limits& limits)
    : context_{context},
      source_{std::move(source)},
      limits_{limits},
      sequence_{limits.sequence, !source_.replay_endpoint.empty()},
      connections_{std::move(opened.connections)},
      live_{std::move(opened.live)},
      check_gap_{limits.check_gap_min} {}

void kv_event_follower::add_to(socket_poll& poll) {
  first_index_ = poll.add(connections_);
  poll.add(live_);
  is_replay_polled_ = replay_.has_value();
  if (is_replay_polled_) poll.add(*replay_);
}

void kv_event_follower::read(const socket_poll& poll, const sink& out) {
  if (poll.is_readable(first_index_)) read_connections(out);
  if (poll.is_readable(first_index_ + 1)) read_live(out);
  if (is_replay_polled_ && replay_ && poll.is_readable(first_index_ + 2)) read_replay(out);
}

void kv_event_follower::expire(const sink& out) {
  act(sequence_.expired(now()), out);
  if (!check_at_ || now() < *check_at_) return;
  check_at_.reset();
  // As after a reconnection: the replay begins at the last message known, and proves it.
  act(sequence_.connected(now()), out);
}

std::optional<time_point> kv_event_follower::deadline() const {
  const auto replay = sequence_.deadline();
  return replay ? replay : check_at_;
}

void kv_event_follower::read_connections(const sink& out) {
  bool is_connected = false;
  while (connections_.receive()) is_connected = true;
  if (!is_connected) return;
  check_gap_ = limits_.check_gap_min;
  act(sequence_.connected(now()), out);
}

void kv_event_follower::read_live(const sink& out) {
  for (int i = 0; i < turn_messages_max; ++i) {
    auto frames = live_.receive();
    if (!frames) return;
    // A message may be the first behind a new connection, which is then known already.
    read_connections(out);
    if (frames->size() != 3) continue;
    const auto seq = read_sequence_frame((*frames)[1]);
    if (!seq || *seq >= sequence_end) continue;
    act(sequence_.live(*seq, std::move((*frames)[2]), now()), out);
  }
}

void kv_event_follower::read_replay(const sink& out) {
  for (int i = 0; i < turn_messages_max && replay_; ++i) {
    auto frames = replay_->receive();
    if (!frames) return;
    if (!take_reply(std::move(*frames), out)) replay_.reset();
  }
}

// Returns false after the last reply.
bool kv_event_follower::take_reply(std::vector<std::string> frames, const sink& out) {
  if (frames.size() < 3) return true;
  const auto seq = read_sequence_frame(frames[frames.size() - 2]);
  if (!seq) return true;
  const auto attempt = attempt_;
  if (*seq >= sequence_end) {
    act(sequence_.replay_ended(attempt, now()), out);
    return attempt != attempt_;  // another attempt, another socket
  }
  act(sequence_.replayed(attempt, *seq, std::move(frames.back()), now()), out);
  return true;
}

void kv_event_follower::act(kv_sequence_actions actions, const sink& out) {
  for (auto& action : actions) {
    if (auto* delivery = std::get_if<kv_deliver>(&action)) {
      has_news_ = true;
      out(decoded(std::move(*delivery)));
    } else if (const auto* resync = std::get_if<kv_resync>(&action)) {
      has_news_ = true;
      out(*resync);
    } else if (const auto* request = std::get_if<kv_replay_request>(&action)) {
      ask(*request);
    } else {
      settle(std::get<kv_caught_up>(action), out);
    }
  }
}

// A check that found nothing new is not worth telling.
void kv_event_follower::settle(const kv_caught_up& caught_up, const sink& out) {
  if (!source_.replay_endpoint.empty()) {
    check_at_ = now() + check_gap_;
    check_gap_ = std::min(check_gap_ * 2, limits_.check_gap_max);
  }
  if (std::exchange(has_news_, false)) out(caught_up);
}

// A socket of its own for each attempt: a late reply to an earlier one cannot be taken for news.
// Where the system has no socket left, the attempt times out.
void kv_event_follower::ask(const kv_replay_request& request) {
  attempt_ = request.attempt;
  replay_.reset();
  is_replay_polled_ = false;
  auto socket = message_socket::open(context_, socket_kind::dealer, bounds_of(limits_));
  if (!socket || !socket->connect(source_.replay_endpoint)) return;
  replay_.emplace(std::move(*socket));
  replay_->send({"", sequence_frame(request.from)});
}

kv_notice kv_event_follower::decoded(kv_deliver delivery) const {
  auto batch = decode_kv_events(delivery.payload, limits_.decode);
  if (!batch) return kv_batch_unreadable{delivery.epoch, delivery.seq, batch.error()};
  return kv_batch_received{delivery.epoch, delivery.seq, std::move(*batch)};
}

}  // namespace troupe::transport::zmq
