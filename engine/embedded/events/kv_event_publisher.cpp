#include "engine/embedded/events/kv_event_publisher.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "transport/zmq/message_socket.hpp"
#include "transport/zmq/wake_event.hpp"

namespace troupe::engine {

namespace {

using namespace transport::zmq;

constexpr std::uint64_t end_seq = ~0ULL;

struct numbered_step {
  std::uint64_t seq;
  kv_step step;
};

struct sent_batch {
  std::uint64_t seq;
  std::string payload;
};

bool is_listening(std::string_view endpoint) {
  return endpoint.find('*') != std::string_view::npos ||
         endpoint.find("::") != std::string_view::npos || endpoint.starts_with("ipc://") ||
         endpoint.starts_with("inproc://") || endpoint.ends_with(":0");
}

// Listens and returns the endpoint as it was written, with the port the system chose.
caf::expected<std::string> listen(message_socket& socket, const std::string& endpoint) {
  auto bound = socket.bind(endpoint);
  if (!bound) return bound.error();
  if (!endpoint.ends_with(":0")) return endpoint;
  return endpoint.substr(0, endpoint.rfind(':')) + bound->substr(bound->rfind(':'));
}

caf::expected<message_socket> open_pub(message_context& context, kv_events_config& config) {
  auto socket =
      message_socket::open(context, socket_kind::pub, {static_cast<int>(config.hwm), 1'000, -1});
  if (!socket) return socket.error();
  if (is_listening(config.endpoint)) {
    auto bound = listen(*socket, config.endpoint);
    if (!bound) return bound.error();
    config.endpoint = *bound;
  } else if (auto connected = socket->connect(config.endpoint); !connected) {
    return connected.error();
  }
  return socket;
}

caf::expected<message_socket> open_replay(message_context& context, kv_events_config& config) {
  // Room for two whole replays of one consumer; what a third asks for at once is dropped.
  const auto room = static_cast<int>(2 * config.buffer_steps + 2);
  auto socket = message_socket::open(context, socket_kind::router, {room, 1'000, 1'024});
  if (!socket) return socket.error();
  auto bound = listen(*socket, *config.replay_endpoint);
  if (!bound) return bound.error();
  config.replay_endpoint = *bound;
  return socket;
}

}  // namespace

struct kv_event_publisher::state {
  state(const kv_events_config& wanted, std::uint32_t tokens)
      : config{wanted}, block_size{tokens} {}

  caf::error open();
  void run();
  bool take_steps(std::vector<numbered_step>& taken);
  void send(const numbered_step& step);
  void serve_replays();
  void replay(std::string_view consumer, std::uint64_t from);
  void wait();

  kv_events_config config;
  std::uint32_t block_size;
  message_context context;
  std::optional<message_socket> pub;
  std::optional<message_socket> router;
  std::deque<sent_batch> buffer;
  socket_poll poll;
  wake_event wake;
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> replays{0};

  std::mutex mutex;
  std::vector<numbered_step> queue;
  std::uint64_t next_seq = 0;
  bool is_stopping = false;
  std::thread thread;
};

caf::error kv_event_publisher::state::open() {
  auto opened = open_pub(context, config);
  if (!opened) return opened.error();
  pub.emplace(std::move(*opened));
  if (!config.replay_endpoint) return {};
  auto replies = open_replay(context, config);
  if (!replies) return replies.error();
  router.emplace(std::move(*replies));
  return {};
}

void kv_event_publisher::state::run() {
  std::vector<numbered_step> taken;
  while (take_steps(taken)) {
    const bool is_idle = taken.empty();
    for (const auto& step : taken) send(step);
    taken.clear();
    serve_replays();
    if (is_idle) wait();  // what woke us last may have asked for the end as well
  }
}

// Returns false once all is published and the end was asked for.
bool kv_event_publisher::state::take_steps(std::vector<numbered_step>& taken) {
  const std::lock_guard lock{mutex};
  taken.swap(queue);
  return !taken.empty() || !is_stopping;
}

void kv_event_publisher::state::send(const numbered_step& step) {
  auto payload =
      encode_kv_events(to_event_batch(step.step, block_size, config.hashes), config.form);
  ++published;  // before it leaves: who heard a step finds it counted
  pub->send({config.topic, sequence_frame(step.seq), payload});
  buffer.push_back({step.seq, std::move(payload)});
  if (buffer.size() > config.buffer_steps) buffer.pop_front();
}

void kv_event_publisher::state::serve_replays() {
  if (!router) return;
  while (const auto request = router->receive()) {
    if (request->size() != 3) continue;
    if (const auto from = read_sequence_frame((*request)[2])) replay((*request)[0], *from);
  }
}

void kv_event_publisher::state::replay(std::string_view consumer, std::uint64_t from) {
  ++replays;
  const auto begin = std::ranges::lower_bound(buffer, from, {}, &sent_batch::seq);
  for (auto at = begin; at != buffer.end(); ++at) {
    router->send({consumer, "", config.topic, sequence_frame(at->seq), at->payload});
  }
  router->send({consumer, "", "", sequence_frame(end_seq), ""});
}

void kv_event_publisher::state::wait() {
  poll.clear();
  poll.add(wake.descriptor());
  if (router) poll.add(*router);
  poll.wait(std::nullopt);
  if (poll.is_readable(0)) wake.clear();
}

kv_event_publisher::kv_event_publisher(std::unique_ptr<state> s) : state_{std::move(s)} {
  state_->thread = std::thread{[this] { state_->run(); }};
}

caf::expected<std::unique_ptr<kv_event_publisher>> kv_event_publisher::make(
    const kv_events_config& config, std::uint32_t block_size) {
  auto opened = std::make_unique<state>(config, block_size);
  if (auto error = opened->open()) return error;
  return std::unique_ptr<kv_event_publisher>{new kv_event_publisher{std::move(opened)}};
}

kv_event_publisher::~kv_event_publisher() {
  {
    const std::lock_guard lock{state_->mutex};
    state_->is_stopping = true;
  }
  state_->wake.set();
  state_->thread.join();
}

void kv_event_publisher::publish(kv_step step) {
  bool was_empty = false;
  {
    const std::lock_guard lock{state_->mutex};
    const auto seq = state_->next_seq++;
    if (state_->queue.size() >= state_->config.max_queue_size) {
      ++state_->dropped;
      return;
    }
    was_empty = state_->queue.empty();
    state_->queue.push_back({seq, std::move(step)});
  }
  if (was_empty) state_->wake.set();
}

const kv_events_config& kv_event_publisher::resolved() const {
  return state_->config;
}

kv_event_publisher::counters kv_event_publisher::counts() const {
  return {state_->published, state_->dropped, state_->replays};
}

}  // namespace troupe::engine
