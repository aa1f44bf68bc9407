#include "actors/router/known_engines.hpp"

#include <algorithm>
#include <chrono>

#include "runtime/log.hpp"
#include "runtime/orderly_end.hpp"

namespace troupe::actors {

namespace {

constexpr std::chrono::minutes away_kept{10};

}  // namespace

bool known_engines::take(engine_report& report, const engine_proxy_actor& proxy) {
  auto& found = engines_[report.name];
  const bool fresh = found.proxy != proxy;
  found.proxy = proxy;
  if (!found.known && !add(report, found)) return false;
  if (report.died) core_.engine_failed(found.id);
  found.up = report.up;
  found.node_leaves = report.settings.node_leaves;
  found.away_since.reset();
  found.kv_usage = report.kv_usage;
  found.has_said_models = !report.models.empty();
  if (found.has_said_models) found.models = std::move(report.models);
  found.address = {std::move(report.host), report.port};
  core_.update_engine(found.id, config_of(report, found));
  core_.report_load(found.id, {report.running, report.waiting});
  metrics_.engine_is(report.name, found.up, core_.load_of(found.id));
  return fresh;
}

std::optional<engine_lease> known_engines::lease_of(const decision& choice,
                                                    std::uint32_t epoch) const {
  const auto& chosen = *by_id_.at(choice.engine);
  if (chosen.proxy.node() == home_ || chosen.address.port == 0) return std::nullopt;
  return engine_lease{choice.lease,        choice.engine,       core_.engine(choice.engine)->name,
                      chosen.address.host, chosen.address.port, epoch,
                      choice.cached_tokens};
}

std::string known_engines::name_of(const caf::actor_addr& proxy) const {
  const auto at = std::find_if(engines_.begin(), engines_.end(), [&](const auto& item) {
    return item.second.proxy.address() == proxy;
  });
  return at != engines_.end() ? at->first : std::string{};
}

engine_proxy_actor known_engines::proxy_of(const std::string& name) const {
  const auto at = engines_.find(name);
  return at != engines_.end() ? at->second.proxy : engine_proxy_actor{};
}

void known_engines::forget(const std::string& name) {
  const auto at = engines_.find(name);
  if (at == engines_.end()) return;
  metrics_.engine_gone(name);
  core_.remove_engine(at->second.id);
  by_id_.erase(at->second.id);
  engines_.erase(at);
}

void known_engines::end(const std::string& name, const caf::error& reason, time_point now) {
  const auto at = engines_.find(name);
  if (at == engines_.end()) return;
  auto& found = at->second;
  const bool is_over = found.node_leaves ? found.models.empty() : is_orderly(reason);
  if (is_over) return forget(name);
  found.up = false;
  found.has_said_models = !found.models.empty();
  found.away_since = now;
  core_.engine_failed(found.id);
  if (found.node_leaves) {
    metrics_.engine_gone(name);  // no failure
  } else {
    metrics_.engine_is(name, false, core_.load_of(found.id));
  }
}

void known_engines::forget_away(time_point now) {
  std::vector<std::string> overdue;
  for (const auto& [name, each] : engines_) {
    if (each.away_since && now - *each.away_since > away_kept) overdue.push_back(name);
  }
  for (const auto& name : overdue) forget(name);
}

bool known_engines::forget_longest_away() {
  const std::pair<const std::string, entry>* longest = nullptr;
  for (const auto& each : engines_) {
    if (!each.second.away_since) continue;
    if (!longest || *each.second.away_since < *longest->second.away_since) longest = &each;
  }
  if (longest) forget(std::string{longest->first});
  return longest != nullptr;
}

bool known_engines::is_starting() const {
  return std::any_of(engines_.begin(), engines_.end(), [](const auto& item) {
    return !item.second.up && !item.second.has_said_models;
  });
}

model_listing known_engines::list() const {
  model_listing listing;
  for (const auto& [name, each] : engines_) {
    if (each.away_since && each.node_leaves) continue;
    listing.engines.push_back(status_of(name, each));
    if (!each.up) continue;
    listing.models.insert(listing.models.end(), each.models.begin(), each.models.end());
  }
  return listing;
}

engine_status known_engines::status_of(const std::string& name, const entry& of) const {
  engine_status status{name, of.up, core_.load_of(of.id), core_.leases_of(of.id)};
  status.kv_usage = of.kv_usage;
  if (const auto* config = core_.engine(of.id)) {
    status.settings = config->settings;
    status.kv_tokens_max = config->kv_tokens_max;
    status.models = config->models;
  }
  return status;
}

bool known_engines::add(const engine_report& report, entry& to) {
  auto id = core_.add_engine(config_of(report, to));
  if (!id && forget_longest_away()) id = core_.add_engine(config_of(report, to));
  if (!id) {
    log::error("too many engines: this one is left out", {{"engine", report.name}});
    engines_.erase(report.name);
    return false;
  }
  to.known = true;
  to.id = *id;
  by_id_[*id] = &to;
  return true;
}

engine_config known_engines::config_of(const engine_report& report, const entry& of) const {
  engine_config config;
  config.name = report.name;
  for (const auto& card : of.models) config.models.push_back(card.id);
  config.state = !report.up                 ? engine_state::down
                 : report.settings.draining ? engine_state::draining
                                            : engine_state::up;
  config.kv_tokens_max = report.kv_tokens_max;
  config.settings = report.settings;
  const auto node = of.proxy.node();
  config.node = node == home_ ? home_node : std::hash<caf::node_id>{}(node) | 1;  // not home_node
  return config;
}

}  // namespace troupe::actors
