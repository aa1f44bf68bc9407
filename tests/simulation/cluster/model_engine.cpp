#include "tests/simulation/cluster/model_engine.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/cluster/model_answer.hpp"

namespace troupe::simulation {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds connect_timeout{1'000};
constexpr milliseconds probe_timeout{2'000};
constexpr milliseconds wait{20};       // of an engine that stands still, for its node to go on
constexpr milliseconds last_ends{20};  // of the engines of a node that is killed
constexpr double split = 0.2;
constexpr double stall_probability = 0.01;
constexpr milliseconds stall_min{100};
constexpr milliseconds stall_max{900};

}  // namespace

class model_engines::one_prober final : public actors::engine_prober {
 public:
  one_prober(model_engines& all, std::string engine, std::string node)
      : all_{all}, engine_{std::move(engine)}, node_{std::move(node)} {}

  void probe(const transport::http::endpoint& at,
             std::function<void(const actors::probe_report&)> done) override {
    const auto& found = all_.engines_[engine_];
    actors::probe_report report;
    auto after = std::chrono::microseconds{milliseconds{1}};
    if (found.port == 0 || found.port != at.port) {
      report.failure = errc::connect_failed;
    } else if (found.hung) {
      report.failure = errc::timeout;
      after = probe_timeout;
    } else {
      report.alive = report.has_models = true;
      report.models = {{"m", R"({"id":"m"})"}};
      report.gauges.running = static_cast<std::uint32_t>(found.open.size());
    }
    all_.world_.events.at(after, [&all = all_, node = node_, report, done = std::move(done)] {
      all.network_.run_on(node, [report, done] { done(report); });
    });
  }

 private:
  model_engines& all_;
  std::string engine_;
  std::string node_;
};

std::shared_ptr<actors::engine_prober> model_engines::prober(const std::string& engine,
                                                             const std::string& node) {
  return std::make_shared<one_prober>(*this, engine, node);
}

actors::engine_address model_engines::start(const std::string& engine, const std::string& node,
                                            std::function<void()> ended) {
  if (failing_.contains(node)) return {};
  auto& it = engines_[engine];
  if (it.port != 0) world_.broken("engine " + engine + " runs twice");
  it.node = node;
  it.port = ++last_port_;
  it.hung = it.orphaned = false;
  watch_.serves(it.port, node);
  it.ended = std::move(ended);
  world_.note("engine " + engine + " listens at " + std::to_string(it.port));
  return {node, it.port};
}

void model_engines::kill(const actors::engine_address& which) {
  auto* found = at(which);
  if (found == nullptr || found->orphaned) return;
  found->ended = {};
  const auto left = std::ranges::count_if(
      found->open, [](const auto& each) { return !each.second.exchange->is_over(); });
  if (left != 0) watch_.cut_short(found->node, static_cast<std::size_t>(left));
  die(*found);
}

void model_engines::die(engine& which) {
  world_.note("the engine at " + std::to_string(which.port) + " ends");
  watch_.serves_no_more(which.port);
  which.port = 0;
  for (const auto& [number, answer] : std::exchange(which.open, {})) {
    if (network_.is_cut(which.node, answer.exchange->client_node())) continue;
    answer.exchange->send(which.node, {answer_step::kind::failed, "", errc::connection_lost});
  }
  if (const auto ended = std::exchange(which.ended, {})) ended();
}

// The kernel ends one process after the other.
void model_engines::node_died(const std::string& node) {
  for (auto& [name, each] : engines_) {
    if (each.node != node || each.port == 0) continue;
    each.ended = {};
    each.orphaned = true;
    world_.events.at(world_.random.between({}, last_ends),
                     [this, at = actors::engine_address{each.node, each.port}] {
                       auto* found = this->at(at);
                       if (found == nullptr) return;
                       for (const auto& [number, answer] : found->open)
                         book_.lost_with_node(answer.exchange->key());
                       die(*found);
                     });
  }
}

void model_engines::fail(const std::string& node) {
  failing_.insert(node);
  for (auto& [name, each] : engines_) {
    if (each.node == node && each.port != 0) die(each);
  }
}

void model_engines::hang(const std::string& node) {
  for (auto& [name, each] : engines_) {
    if (each.node == node && each.port != 0) each.hung = true;
  }
}

void model_engines::end_hung(const std::string& node) {
  for (auto& [name, each] : engines_) {
    if (each.node == node && each.port != 0 && each.hung) die(each);
  }
}

std::size_t model_engines::running_on(const std::string& node) const {
  return static_cast<std::size_t>(std::ranges::count_if(engines_, [&](const auto& each) {
    return each.second.node == node && each.second.port != 0;
  }));
}

std::vector<std::string> model_engines::running() const {
  std::vector<std::string> names;
  for (const auto& [name, each] : engines_) {
    if (each.port != 0 && !each.hung) names.push_back(name);
  }
  return names;
}

model_engines::engine* model_engines::at(const actors::engine_address& address) {
  for (auto& [name, each] : engines_) {
    if (each.port != 0 && each.port == address.port && each.node == address.host) return &each;
  }
  return nullptr;
}

std::shared_ptr<sim_exchange> model_engines::ask(const actors::engine_address& at, bool whole,
                                                 sim_exchange::client who) {
  const auto from = who.node;
  watch_.asked(at.host, from);
  auto exchange = std::make_shared<sim_exchange>(network_, book_, ++last_exchange_, std::move(who));
  exchange->begin([this, at, number = last_exchange_, from] { forget(at, number, from); });
  if (network_.is_cut(from, at.host)) {
    exchange->fail_in(connect_timeout, errc::connect_failed);
  } else {
    world_.events.at(network_.delay(from, at.host),
                     [this, at, to = answer{exchange, whole}] { take(at, to); });
  }
  return exchange;
}

void model_engines::take(const actors::engine_address& address, answer to) {
  auto* found = at(address);
  if (found == nullptr) {
    watch_.missed(address.host);
    return to.exchange->send(address.host, {answer_step::kind::failed, "", errc::connect_failed});
  }
  const auto number = to.exchange->number();
  const auto first = world_.random.between(milliseconds{2}, milliseconds{40});
  to.tokens = 1 + world_.random.below(6);
  to.pace = world_.random.between(milliseconds{1}, milliseconds{40});
  found->open[number] = std::move(to);
  go_on(address, number, stall() + first);
}

// What comes later than clients wait comes to nobody.
duration model_engines::stall() {
  if (!stalls_ || !world_.random.happens(stall_probability)) return {};
  return world_.random.between(stall_min, stall_max);
}

void model_engines::go_on(const actors::engine_address& address, std::uint64_t exchange,
                          duration after) {
  world_.events.at(after, [this, address, exchange] { step(address, exchange); });
}

void model_engines::step(const actors::engine_address& address, std::uint64_t exchange) {
  auto* found = at(address);
  if (found == nullptr || found->hung) return;
  const auto place = found->open.find(exchange);
  if (place == found->open.end()) return;
  auto& it = place->second;
  // The system keeps what was sent until the way is open.
  if (network_.is_paused(found->node) || network_.is_cut(found->node, it.exchange->client_node())) {
    return go_on(address, exchange, wait);
  }
  if (it.made == it.tokens) {
    end(*found, it);
    found->open.erase(place);
    return;
  }
  if (!it.whole) {
    if (it.made == 0) {
      it.exchange->send(found->node, {answer_step::kind::head, "text/event-stream"});
    }
    send_pieces(*found, *it.exchange, token_event({it.exchange->key(), exchange, it.made}));
  }
  ++it.made;
  go_on(address, exchange, stall() + it.pace);
}

// Reads end anywhere, also within an event.
void model_engines::send_pieces(const engine& which, sim_exchange& to, std::string event) {
  if (world_.random.happens(split)) {
    const auto first = 1 + world_.random.below(event.size() - 1);
    to.send(which.node, {answer_step::kind::body, event.substr(0, first)});
    event.erase(0, first);
  }
  to.send(which.node, {answer_step::kind::body, std::move(event)});
}

void model_engines::end(engine& which, answer& it) {
  auto& to = *it.exchange;
  if (it.whole) {
    to.send(which.node, {answer_step::kind::head, "application/json"});
    to.send(which.node, {answer_step::kind::body, whole_answer(to.key(), to.number(), it.tokens)});
  } else {
    to.send(which.node, {answer_step::kind::body, last_events(it.tokens)});
  }
  to.send(which.node, {answer_step::kind::end});
}

// Its client has closed the connection.
void model_engines::forget(const actors::engine_address& address, std::uint64_t exchange,
                           const std::string& client) {
  if (network_.is_cut(client, address.host)) return;
  world_.events.at(network_.delay(client, address.host), [this, address, exchange] {
    if (auto* found = at(address)) found->open.erase(exchange);
  });
}

}  // namespace troupe::simulation
