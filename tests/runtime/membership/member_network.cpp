#include "tests/runtime/membership/member_network.hpp"

#include <algorithm>

namespace troupe::testing {

using namespace std::chrono_literals;
using news = membership_event::kind;

namespace {

constexpr auto heartbeat_every = 200ms;
constexpr auto restart_after = 20ms;
constexpr std::size_t seeds = 3;

std::string endpoint_of(std::size_t node) {
  return "sim:" + std::to_string(node);
}

std::size_t node_at(const std::string& endpoint) {
  return std::stoul(endpoint.substr(4));
}

std::string name_of(std::size_t node) {
  return (node < 10 ? "n0" : "n") + std::to_string(node);
}

}  // namespace

member_network::member_network(settings s) : settings_{s}, random_{s.seed}, nodes_(s.nodes) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) start(i);
  run(s.settle);
}

void member_network::run(duration time) {
  const auto end = now_ + time;
  while (!events_.empty() && events_.top().at <= end) {
    const auto next = events_.top();
    events_.pop();
    now_ = next.at;
    next.happen();
  }
  now_ = end;
}

void member_network::at(duration after, std::function<void()> happen) {
  events_.push({now_ + after, ++order_, std::move(happen)});
}

member_network::duration member_network::delay() {
  const auto& f = settings_.faults;
  const auto spread = static_cast<double>((f.delay_max - f.delay_min).count());
  return f.delay_min + std::chrono::microseconds{static_cast<std::int64_t>(chance() * spread)};
}

void member_network::deliver(std::size_t to, std::function<void()> happen) {
  auto& n = nodes_[to];
  if (!n.core) return;
  if (n.paused) {
    n.backlog.push_back(std::move(happen));
  } else {
    happen();
  }
}

void member_network::start(std::size_t node) {
  auto& n = nodes_[node];
  n.paused = false;
  n.tick_at = time_point::max();
  n.backlog.clear();
  n.up.clear();
  n.over.clear();
  node_description self{{name_of(node), ++n.incarnation}, endpoint_of(node), {}, {}, 1};
  self.labels["zone"] = node % 2 == 0 ? "a" : "b";
  self.roles = {"engine"};
  n.core = std::make_unique<membership>(self, std::mt19937_64{random_()}, membership_options{},
                                        settings_.parts);
  std::vector<std::string> to;
  for (std::size_t i = 0; i < std::min(seeds, nodes_.size()); ++i) to.push_back(endpoint_of(i));
  take(node, n.core->join(to, now_));
  const auto life = n.incarnation;
  const auto phase = std::chrono::milliseconds{static_cast<int>(chance() * 200)};
  at(phase, [=, this] { beat(node, life); });
}

void member_network::beat(std::size_t node, std::uint64_t life) {
  auto& n = nodes_[node];
  if (!n.core || n.incarnation != life) return;
  at(heartbeat_every, [=, this] { beat(node, life); });
  if (n.paused) return;
  const auto sender = id(node);
  for (std::size_t to = 0; to < nodes_.size(); ++to) {
    if (to == node || cuts_.contains({node, to})) continue;
    at(delay(), [=, this] {
      deliver(to, [=, this] { take(to, nodes_[to].core->heartbeat(sender, now_)); });
    });
  }
}

void member_network::tick(std::size_t node, time_point due) {
  auto& n = nodes_[node];
  if (!n.core || n.tick_at != due) return;
  if (n.paused) {
    n.backlog.push_back([=, this] { tick(node, due); });
    return;
  }
  n.tick_at = time_point::max();
  take(node, n.core->tick(now_));
}

void member_network::take(std::size_t node, membership::actions actions) {
  auto& n = nodes_[node];
  for (const auto& letter : actions.letters) carry(node, letter);
  for (const auto& event : actions.events) check(node, event);
  if (n.core->fenced()) return;
  const auto due = n.core->next_deadline();
  if (due >= n.tick_at) return;
  n.tick_at = due;
  at(std::max(due - now_, time_point::duration{0}), [=, this] { tick(node, due); });
}

// Answers that answer each other for ever would go on as fast as the network lets them.
void member_network::count_letter(node& sender) {
  const auto second = now_.time_since_epoch() / 1s;
  if (std::exchange(sender.second, second) != second) sender.letters = 0;
  if (++sender.letters > 200 + 20 * nodes_.size()) broken_ = "a node says too much";
}

void member_network::carry(std::size_t from, const member_letter& letter) {
  count_letter(nodes_[from]);
  const auto to = node_at(letter.endpoint);
  if (on_letter && !on_letter(to, letter.message)) return;
  auto message = letter.message;
  if (settings_.check_wire) {
    const auto bytes = encode(message);
    auto read = decode_member_message(bytes);
    if (!std::holds_alternative<member_message>(read) ||
        std::get<member_message>(read) != message) {
      broken_ = "a message does not survive its wire form";
    }
    if (bytes.size() > member_message::message_bytes_max) broken_ = "a message over its bound";
  }
  const int copies = chance() < settings_.faults.duplication ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (cuts_.contains({from, to}) || chance() < settings_.faults.loss) continue;
    at(delay(), [=, this] { inject(to, message); });
  }
}

void member_network::inject(std::size_t to, const member_message& message) {
  deliver(to, [=, this] { take(to, nodes_[to].core->receive(message, now_)); });
}

// What a node says of others must make sense as a story.
void member_network::check(std::size_t observer, const membership_event& event) {
  notes_.push_back({now_, observer, event});
  auto& n = nodes_[observer];
  const auto& id = event.node.id;
  const auto wrong = [&](const char* what) {
    if (broken_.empty()) {
      broken_ =
          name_of(observer) + ": " + what + ": " + id.name + "/" + std::to_string(id.incarnation);
    }
  };
  switch (event.what) {
    case news::up:
      if (n.over.contains(id)) wrong("a dead incarnation is back");
      if (!n.up.insert(id).second) wrong("up twice");
      break;
    case news::suspect:
    case news::alive:
    case news::leaving:
      if (!n.up.contains(id)) wrong("news of a node that is not there");
      break;
    case news::down:
    case news::left:
      if (n.up.erase(id) == 0) wrong("gone twice");
      n.over.insert(id);
      break;
    case news::fenced: {
      ++fences_;
      const auto life = n.incarnation;
      at(restart_after, [=, this] {
        if (nodes_[observer].core && nodes_[observer].incarnation == life) start(observer);
      });
    }
  }
}

void member_network::cut_both(std::size_t a, std::size_t b) {
  cut(a, b);
  cut(b, a);
}

void member_network::isolate(std::size_t node) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (i != node) cut_both(i, node);
  }
}

void member_network::kill(std::size_t node) {
  const auto gone = id(node);
  nodes_[node].core.reset();
  for (std::size_t to = 0; to < nodes_.size(); ++to) {
    if (to == node || cuts_.contains({node, to})) continue;
    at(1ms + delay(), [=, this] {
      deliver(to, [=, this] { take(to, nodes_[to].core->connection_lost(gone, now_)); });
    });
  }
}

void member_network::restart(std::size_t node) {
  start(node);
}

void member_network::pause(std::size_t node) {
  nodes_[node].paused = true;
}

void member_network::resume(std::size_t node) {
  auto& n = nodes_[node];
  if (!std::exchange(n.paused, false) || !n.core) return;
  take(node, n.core->tick(now_));  // a late timer fires before what waits in sockets is read
  for (const auto& happen : std::exchange(n.backlog, {})) {
    if (n.core) happen();
  }
}

bool member_network::agreed() const {
  std::vector<node_id> there;
  for (const auto& n : nodes_) {
    if (n.core && !n.paused) there.push_back(n.core->self().node.id);
  }
  std::ranges::sort(there);
  return std::ranges::all_of(nodes_, [&](const node& n) {
    return !n.core || n.paused || (!n.core->fenced() && n.core->living() == there);
  });
}

std::size_t member_network::count(news what, const std::string& name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      notes_, [&](const note& n) { return n.event.what == what && n.event.node.id.name == name; }));
}

}  // namespace troupe::testing
