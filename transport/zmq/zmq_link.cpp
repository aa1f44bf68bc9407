#include "transport/zmq/zmq_link.hpp"

#include <utility>

namespace troupe::transport::zmq {

namespace {

// Bytes bound what is sent, not a count. Of answers few are ever waiting.
constexpr socket_bounds dealer_bounds{
    .sent_max = 0, .received_max = 64, .message_bytes_max = frame_limits::frame_bytes_max};

constexpr connection_pace dealer_pace{.reconnect_min = std::chrono::milliseconds{50},
                                      .reconnect_max = std::chrono::milliseconds{1'000},
                                      .handshake_max = std::chrono::milliseconds{5'000},
                                      .silence_max = std::chrono::milliseconds{10'000}};

}  // namespace

caf::expected<link_lane::sockets> open_dealer(message_context& context,
                                              const link_options& options) {
  auto socket = message_socket::open(context, socket_kind::dealer, dealer_bounds);
  if (!socket) return socket.error();
  if (auto done = socket->keep(dealer_pace); !done) return done.error();
  if (options.key) {
    if (auto done = socket->connect_with(*options.key, options.key->public_key); !done)
      return done.error();
  }
  auto connections = socket->watch_all_connections(context);
  if (!connections) return connections.error();
  return link_lane::sockets{std::move(*connections), std::move(*socket)};
}

caf::expected<zmq_link_ptr> zmq_link::make(message_context& context, const node_description& node,
                                           const link_options& options,
                                           std::function<void()> has_answers) {
  auto control = open_dealer(context, options);
  if (!control) return control.error();
  auto data = open_dealer(context, options);
  if (!data) return data.error();
  for (auto* sockets : {&*control, &*data}) {
    if (auto done = sockets->dealer.connect(node.endpoint); !done) return done.error();
  }
  const int descriptor = control->dealer.descriptor();
  const auto lane_of = [&](lane where, link_lane::sockets& opened) {
    return std::make_shared<link_lane>(std::move(opened),
                                       link_lane::settings{.where = where,
                                                           .endpoint = node.endpoint,
                                                           .bytes_max = options.queued_bytes_max,
                                                           .has_answers = has_answers});
  };
  parts opened{{lane_of(lane::control, *control), lane_of(lane::data, *data)}, descriptor};
  return zmq_link_ptr{new zmq_link{node, options, std::move(opened)}};
}

zmq_link::zmq_link(node_description node, const link_options& options, parts opened)
    : greet{{options.hello_interval, options.refused_interval}},
      reached_{std::move(node)},
      lanes_{std::move(opened.opened)},
      answers_descriptor_{opened.answers_descriptor} {}

const node_description& zmq_link::node() const {
  return *known_.load(std::memory_order_acquire);
}

send_result zmq_link::send(lane where, std::string_view record,
                           std::span<const shared_bytes> blobs) {
  if (ended()) return send_result::ended;
  return at(where).append(record, blobs);
}

bool zmq_link::describe(const node_description& node) {
  if (described_) return false;
  described_ = std::make_unique<const node_description>(node);
  known_.store(described_.get(), std::memory_order_release);
  return true;
}

link_status zmq_link::status() const {
  return {.node = node(),
          .up = up.load(),
          .sent = at(lane::control).records() + at(lane::data).records(),
          .received = received.load(),
          .gaps = gaps.load(),
          .queued_bytes = queued_bytes(lane::control) + queued_bytes(lane::data)};
}

void zmq_link::close(std::chrono::milliseconds farewell) {
  watches.clear();
  lanes_[0]->close(farewell);
  lanes_[1]->close();
}

}  // namespace troupe::transport::zmq
