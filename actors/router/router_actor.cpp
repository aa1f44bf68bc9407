#include "actors/router/router_actor.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "actors/names.hpp"
#include "actors/router/router_core.hpp"
#include "actors/router/router_metrics.hpp"
#include "runtime/log.hpp"

namespace troupe::actors {

namespace {

constexpr std::chrono::seconds maintenance_interval{1};

class router_state {
 public:
  router_state(router_actor::pointer self, const router_options& options)
      : self_{self},
        names_{options.names},
        aliases_{options.spec.models},
        core_{options.spec},
        metrics_{*options.metrics} {}

  void start() {
    for (const auto& name : names_->names()) {
      if (!is_proxy_name(name)) continue;
      self_->send(names_->find_as<engine_proxy_actor>(name), report_to_router{});
    }
    self_->delayed_send(self_, maintenance_interval, maintain_tick{});
  }

  caf::result<engine_lease> route(const route_request& request) {
    excluded_.clear();
    for (auto id : request.tried) excluded_.push_back(static_cast<engine_id>(id));
    auto choice = core_.route(request.facts, excluded_, now());
    if (!choice) {
      auto error = std::move(choice.error());
      // Which models a starting engine serves is not known before it says so.
      if (failure_code(error, errc::no_engine) == errc::unknown_model && is_starting()) {
        error = make_failure(errc::no_engine, "the engines are still starting");
      }
      metrics_.refused(failure_code(error, errc::no_engine));
      return error;
    }
    metrics_.decided(*choice);
    return self_->delegate(by_id_.at(choice->engine)->proxy, grant_request{request.epoch, *choice});
  }

  void take_first_token(const first_token_came& message) {
    auto ttft = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(message.ttft_s));
    core_.first_token(message.lease, ttft, now());
  }

  void take_end(const request_ended& message) {
    auto found = core_.finished(message.lease, message.usage, message.outcome, now());
    if (found) metrics_.compared(*found);
  }

  void take_report(engine_report& report, const engine_proxy_actor& proxy) {
    auto& entry = engines_[report.name];
    if (!entry.known && !add(report, entry)) return;
    if (entry.proxy != proxy) {
      entry.proxy = proxy;
      self_->monitor(proxy);
    }
    if (report.died) core_.engine_failed(entry.id);
    entry.up = report.up;
    entry.models = std::move(report.models);
    core_.update_engine(entry.id, config_of(report, entry));
    core_.report_load(entry.id, {report.running, report.waiting});
    metrics_.engine_is(report.name, entry.up, core_.load_of(entry.id));
  }

  void take_down(const caf::down_msg& message) {
    for (auto at = engines_.begin(); at != engines_.end(); ++at) {
      if (at->second.proxy.address() != message.source) continue;
      log::warn("engine proxy ended: its engine gets no requests until it is back",
                {{"engine", at->first}});
      metrics_.engine_is(at->first, false, 0);
      core_.remove_engine(at->second.id);
      by_id_.erase(at->second.id);
      engines_.erase(at);
      return;
    }
  }

  model_listing list() const {
    model_listing listing;
    for (const auto& [name, entry] : engines_) {
      listing.engines.push_back({name, entry.up, core_.load_of(entry.id)});
      if (!entry.up) continue;
      listing.models.insert(listing.models.end(), entry.models.begin(), entry.models.end());
    }
    auto by_id = [](const model_card& a, const model_card& b) { return a.id < b.id; };
    auto same_id = [](const model_card& a, const model_card& b) { return a.id == b.id; };
    add_aliases(listing.models);
    std::stable_sort(listing.models.begin(), listing.models.end(), by_id);
    listing.models.erase(std::unique(listing.models.begin(), listing.models.end(), same_id),
                         listing.models.end());
    return listing;
  }

  void maintain() {
    auto report = core_.maintain(now());
    if (!report.expired.empty()) {
      log::warn("leases expired that nobody ended", {{"count", report.expired.size()}});
      metrics_.leases_expired(report.expired.size());
    }
    metrics_.state_is(core_.lease_count(), core_.block_count());
    self_->delayed_send(self_, maintenance_interval, maintain_tick{});
  }

 private:
  struct engine_entry {
    bool known = false;
    engine_id id{};
    bool up = false;
    engine_proxy_actor proxy;
    std::vector<model_card> models;
  };

  time_point now() const { return self_->clock().now(); }

  bool add(const engine_report& report, engine_entry& entry) {
    auto id = core_.add_engine(config_of(report, entry));
    if (!id) {
      log::error("too many engines: this one is left out", {{"engine", report.name}});
      engines_.erase(report.name);
      return false;
    }
    entry.known = true;
    entry.id = *id;
    by_id_[*id] = &entry;
    return true;
  }

  // An alias is a model of its own to clients, as vLLM lists each of its served names.
  void add_aliases(std::vector<model_card>& models) const {
    const auto served = models.size();
    for (const auto& [alias, target] : aliases_.aliases()) {
      const auto end = models.begin() + static_cast<std::ptrdiff_t>(served);
      const auto card = std::find_if(models.begin(), end, [&target = target](const auto& model) {
        return model.id == target;
      });
      if (card == end) continue;
      auto renamed = renamed_card(card->json, alias);
      models.push_back({alias, std::move(renamed)});
    }
  }

  bool is_starting() const {
    return std::any_of(engines_.begin(), engines_.end(), [](const auto& item) {
      return !item.second.up && item.second.models.empty();
    });
  }

  static engine_config config_of(const engine_report& report, const engine_entry& entry) {
    engine_config config;
    config.name = report.name;
    for (const auto& card : entry.models) config.models.push_back(card.id);
    config.state = report.up ? engine_state::up : engine_state::down;
    config.kv_tokens_max = report.kv_tokens_max;
    config.settings = report.settings;
    return config;
  }

  router_actor::pointer self_;
  registry* names_;
  model_names aliases_;
  router_core core_;
  router_metrics metrics_;
  std::map<std::string, engine_entry, std::less<>> engines_;  // nodes stay where they are
  std::map<engine_id, engine_entry*> by_id_;
  std::vector<engine_id> excluded_;  // scratch
};

router_actor::behavior_type router(router_actor::pointer self, const router_options& options) {
  auto state = std::make_shared<router_state>(self, options);
  self->set_down_handler([state](caf::down_msg& message) { state->take_down(message); });
  state->start();
  return {
      [state](const route_request& request) { return state->route(request); },
      [state](const first_token_came& message) { state->take_first_token(message); },
      [state](const request_ended& message) { state->take_end(message); },
      [state](engine_report& report, const engine_proxy_actor& proxy) {
        state->take_report(report, proxy);
      },
      [state](get_models) { return state->list(); },
      [state](maintain_tick) { state->maintain(); },
  };
}

}  // namespace

router_actor spawn_router(caf::actor_system& system, router_options options) {
  return system.spawn(router, options);
}

}  // namespace troupe::actors
