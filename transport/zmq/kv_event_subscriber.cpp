#include "transport/zmq/kv_event_subscriber.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "transport/zmq/kv_event_follower.hpp"
#include "transport/zmq/wake_event.hpp"

namespace troupe::transport::zmq {

namespace {

// Live, connections and its peer, replay, and one being replaced.
constexpr std::size_t sockets_per_source = 6;

}  // namespace

std::string reachable_endpoint(std::string_view endpoint, std::string_view host) {
  const std::string host_text{host};
  for (const std::string_view any : {"tcp://*:", "tcp://0.0.0.0:", "tcp://[::]:", "tcp://:::"}) {
    if (endpoint.starts_with(any)) {
      return "tcp://" + host_text + ":" + std::string{endpoint.substr(any.size())};
    }
  }
  return std::string{endpoint};
}

struct kv_event_subscriber::state {
  using follower_ptr = std::unique_ptr<kv_event_follower>;

  state(kv_notice_sink out, const kv_subscriber_limits& bounds)
      : sink{std::move(out)},
        limits{bounds},
        context{static_cast<int>(sockets_per_source * (bounds.sources_max + 1))} {}

  void run();
  bool take_orders();
  void wait();

  kv_notice_sink sink;
  kv_subscriber_limits limits;
  message_context context;
  wake_event wake;
  std::map<kv_source_id, follower_ptr> followers;  // the thread's
  socket_poll poll;

  std::mutex mutex;
  std::map<kv_source_id, follower_ptr> arrivals;
  std::vector<kv_source_id> departures;
  std::size_t sources = 0;
  kv_source_id last_id = 0;
  bool is_stopping = false;
  std::thread thread;
};

// Takes over what the other threads want; false: stop.
bool kv_event_subscriber::state::take_orders() {
  const std::lock_guard lock{mutex};
  followers.merge(arrivals);
  for (const auto id : departures) sources -= followers.erase(id);
  departures.clear();
  return !is_stopping;
}

void kv_event_subscriber::state::wait() {
  poll.clear();
  poll.add(wake.descriptor());
  std::optional<time_point> deadline;
  for (auto& [id, follower] : followers) {
    follower->add_to(poll);
    if (const auto its = follower->deadline()) deadline = std::min(deadline.value_or(*its), *its);
  }
  std::optional<std::chrono::milliseconds> timeout;
  if (deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - now());
    timeout = std::max(left, std::chrono::milliseconds{0});
  }
  poll.wait(timeout);
  if (poll.is_readable(0)) wake.clear();
}

void kv_event_subscriber::state::run() {
  while (take_orders()) {
    wait();
    for (auto& [id, follower] : followers) {
      const auto out = [this, id = id](kv_notice notice) { sink(id, std::move(notice)); };
      follower->read(poll, out);
      follower->expire(out);
    }
  }
  followers.clear();
  const std::lock_guard lock{mutex};
  arrivals.clear();
}

kv_event_subscriber::kv_event_subscriber(kv_notice_sink sink, const kv_subscriber_limits& limits)
    : state_{std::make_unique<state>(std::move(sink), limits)} {
  state_->thread = std::thread{[this] { state_->run(); }};
}

kv_event_subscriber::~kv_event_subscriber() {
  {
    const std::lock_guard lock{state_->mutex};
    state_->is_stopping = true;
  }
  state_->wake.set();
  state_->thread.join();
}

caf::expected<kv_source_id> kv_event_subscriber::follow(const kv_event_source& source) {
  {
    const std::lock_guard lock{state_->mutex};
    if (state_->sources >= state_->limits.sources_max) {
      return make_failure(errc::overloaded, "KV events: sources_max of " +
                                                std::to_string(state_->limits.sources_max) +
                                                " sources are followed already");
    }
    ++state_->sources;
  }
  auto follower = kv_event_follower::make(state_->context, source, state_->limits);
  const std::lock_guard lock{state_->mutex};
  if (!follower) {
    --state_->sources;
    return follower.error();
  }
  const auto id = ++state_->last_id;
  state_->arrivals.emplace(id, std::move(*follower));
  state_->wake.set();
  return id;
}

void kv_event_subscriber::forget(kv_source_id id) {
  {
    const std::lock_guard lock{state_->mutex};
    state_->departures.push_back(id);
  }
  state_->wake.set();
}

}  // namespace troupe::transport::zmq
