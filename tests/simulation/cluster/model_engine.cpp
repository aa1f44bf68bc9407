#include "tests/simulation/cluster/model_engine.hpp"

#include <utility>

#include "tests/simulation/cluster/sim_links.hpp"

namespace troupe::simulation {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds connect_timeout{1'000};
constexpr milliseconds answer_timeout{2'000};  // of a probe or an engine that says nothing

}  // namespace

class model_engines::one_prober final : public actors::engine_prober {
 public:
  one_prober(model_engines& all, std::string engine, node_description node)
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
      after = answer_timeout;
    } else {
      report.alive = report.has_models = true;
      report.models = {{"m", R"({"id":"m"})"}};
      report.gauges.running = static_cast<std::uint32_t>(found.open.size());
    }
    all_.world_.events.at(after, [&all = all_, name = node_.id.name, endpoint = node_.endpoint,
                                  report, done = std::move(done)] {
      all.network_.deliver(endpoint, [report, done](sim_links&) { done(report); });
    });
  }

 private:
  model_engines& all_;
  std::string engine_;
  node_description node_;
};

std::shared_ptr<actors::engine_prober> model_engines::prober(const std::string& engine,
                                                             const node_description& node) {
  return std::make_shared<one_prober>(*this, engine, node);
}

actors::engine_address model_engines::start(const std::string& engine, const std::string& node) {
  auto& it = engines_[engine];
  it.node = node;
  it.port = ++last_port_;
  it.hung = false;
  world_.note("engine " + engine + " listens at " + std::to_string(it.port));
  return {node, it.port};
}

void model_engines::kill(const std::string& engine) {
  auto& it = engines_[engine];
  if (it.port == 0) return;
  world_.note("engine " + engine + " died");
  it.port = 0;
  for (const auto& [number, who] : std::exchange(it.open, {})) {
    tell(it.node, who, {0, exchange_step::kind::failed, errc::connection_lost});
  }
}

bool model_engines::runs(const std::string& engine) const {
  const auto at = engines_.find(engine);
  return at != engines_.end() && at->second.port != 0 && !at->second.hung;
}

model_engines::engine* model_engines::at(const actors::engine_address& address) {
  for (auto& [name, each] : engines_) {
    if (each.port == address.port && each.node == address.host) return &each;
  }
  return nullptr;
}

void model_engines::ask(const actors::engine_address& at, std::uint64_t exchange, client who) {
  who.tell = [exchange, inner = std::move(who.tell)](exchange_step what) {
    what.exchange = exchange;
    inner(what);
  };
  if (network_.is_cut(who.node, at.host)) {
    world_.events.at(connect_timeout, [who] {
      who.tell({0, exchange_step::kind::failed, errc::connect_failed});
    });
    return;
  }
  world_.events.at(network_.delay(who.node, at.host),
                   [this, at, exchange, who] { take(at, exchange, who); });
}

void model_engines::take(const actors::engine_address& address, std::uint64_t, const client& who) {
  auto* found = at(address);
  if (found == nullptr || found->port == 0) {
    return tell(address.host, who, {0, exchange_step::kind::failed, errc::connect_failed});
  }
  const auto number = ++last_number_;
  found->open[number] = who;
  const auto first = world_.random.between(milliseconds{2}, milliseconds{40});
  const auto rest = world_.random.between(milliseconds{5}, milliseconds{200});
  world_.events.at(first, [this, address, number] {
    answer(address, number, {0, exchange_step::kind::first_token, {}});
  });
  world_.events.at(first + rest, [this, address, number] {
    answer(address, number, {0, exchange_step::kind::completed, {}});
  });
  world_.events.at(answer_timeout, [this, address, number] {
    answer(address, number, {0, exchange_step::kind::failed, errc::timeout});
  });
}

void model_engines::answer(const actors::engine_address& address, std::uint64_t number,
                           exchange_step what) {
  auto* found = at(address);
  if (found == nullptr) return;
  const auto place = found->open.find(number);
  if (place == found->open.end()) return;
  const bool is_timeout = what.what == exchange_step::kind::failed;
  // Only the client's patience ends what an engine that hangs, or is out of reach, was asked.
  const bool silent = found->hung || network_.is_paused(found->node) ||
                      network_.is_cut(found->node, place->second.node);
  if (silent && !is_timeout) return;
  const auto who = place->second;
  if (what.what != exchange_step::kind::first_token) found->open.erase(place);
  if (is_timeout) {
    who.tell(what);
  } else {
    tell(found->node, who, what);
  }
}

void model_engines::tell(const std::string& from, const client& who, exchange_step what) {
  world_.events.at(network_.delay(from, who.node), [who, what] { who.tell(what); });
}

}  // namespace troupe::simulation
