#include "actors/router/router_actor.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "actors/names.hpp"
#include "actors/router/admission.hpp"
#include "actors/router/router_core.hpp"
#include "actors/router/router_metrics.hpp"
#include "actors/router/waiting_room.hpp"
#include "runtime/log.hpp"
#include "runtime/orderly_end.hpp"

namespace troupe::actors {

namespace {

constexpr std::chrono::seconds maintenance_interval{1};
constexpr std::chrono::milliseconds settle_interval{50};

class router_state {
 public:
  router_state(router_actor::pointer self, const router_options& options)
      : self_{self},
        names_{options.names},
        aliases_{options.spec.models},
        core_{options.spec},
        admission_{options.spec, core_,
                   [this](ticket id, admission_result result) { answer(id, std::move(result)); }},
        metrics_{*options.metrics} {}

  void start() {
    for (const auto& name : names_->names()) {
      if (!is_proxy_name(name)) continue;
      self_->send(names_->find_as<engine_proxy_actor>(name), report_to_router{});
    }
    self_->delayed_send(self_, maintenance_interval, maintain_tick{});
  }

  caf::result<engine_lease> route(route_request& request) {
    applicant who{std::move(request.facts), {}, std::chrono::milliseconds{request.waited_ms}};
    for (auto id : request.tried) who.excluded.push_back(static_cast<engine_id>(id));
    const ticket id{++last_ticket_};
    auto result = admission_.submit(id, std::move(who), now());
    if (!result) return wait(id, request);
    if (auto* error = std::get_if<caf::error>(&*result)) return refused(std::move(*error));
    const auto& choice = std::get<decision>(*result);
    metrics_.decided(choice);
    return self_->delegate(by_id_.at(choice.engine)->proxy, grant_request{request.epoch, choice});
  }

  void withdraw(std::uint64_t request) {
    const auto id = waiting_.find({sender(), request});
    if (!id) return;
    admission_.withdraw(*id);
    answer(*id, make_failure(errc::cancelled, "the client left"));
  }

  void settle() {
    admission_.settle(now());
    metrics_.queue_is(admission_.queue().size(), admission_.queue().bytes());
  }

  void reconfigure(const config::router_spec& spec) {
    aliases_ = model_names{spec.models};
    core_.set_spec(spec);
    admission_.set_limits(spec.admission);
    settle();
  }

  void settle_in_time() {
    ticking_ = false;
    settle();
    keep_ticking();
  }

  void take_first_token(const first_token_came& message) {
    auto ttft = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(message.ttft_s));
    core_.first_token(message.lease, ttft, now());
    settle_if_any();
  }

  void take_end(const request_ended& message) {
    auto found = core_.finished(message.lease, message.usage, message.outcome, now());
    if (found) metrics_.compared(*found);
    settle_if_any();
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
    entry.kv_usage = report.kv_usage;
    entry.models = std::move(report.models);
    core_.update_engine(entry.id, config_of(report, entry));
    core_.report_load(entry.id, {report.running, report.waiting});
    metrics_.engine_is(report.name, entry.up, core_.load_of(entry.id));
    settle_if_any();
  }

  void take_down(const caf::down_msg& message) {
    for (auto at = engines_.begin(); at != engines_.end(); ++at) {
      if (at->second.proxy.address() != message.source) continue;
      if (!is_orderly(message.reason)) log::warn("engine proxy ended", {{"engine", at->first}});
      metrics_.engine_gone(at->first);
      core_.remove_engine(at->second.id);
      by_id_.erase(at->second.id);
      engines_.erase(at);
      return settle_if_any();
    }
  }

  model_listing list() const {
    model_listing listing;
    for (const auto& [name, entry] : engines_) {
      listing.engines.push_back(status_of(name, entry));
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
    double kv_usage = 0;
    engine_proxy_actor proxy;
    std::vector<model_card> models;
  };

  time_point now() const { return self_->clock().now(); }

  caf::actor_id sender() const {
    const auto& from = self_->current_sender();
    return from ? from->id() : 0;
  }

  caf::typed_response_promise<engine_lease> wait(ticket id, const route_request& request) {
    const auto asker = std::pair{sender(), request.request};  // a promise takes the sender away
    auto promise = self_->make_response_promise<engine_lease>();
    waiting_.enter(id, {promise, asker, request.epoch, now()});
    keep_ticking();
    return promise;
  }

  caf::error refused(caf::error error) {
    // Which models a starting engine serves is not known before it says so.
    if (failure_code(error, errc::no_engine) == errc::unknown_model && is_starting()) {
      error = make_failure(errc::no_engine, "the engines are still starting");
    }
    metrics_.refused(failure_code(error, errc::no_engine));
    return error;
  }

  engine_status status_of(const std::string& name, const engine_entry& entry) const {
    engine_status status{name, entry.up, core_.load_of(entry.id), core_.leases_of(entry.id)};
    status.kv_usage = entry.kv_usage;
    if (const auto* config = core_.engine(entry.id)) {
      status.settings = config->settings;
      status.kv_tokens_max = config->kv_tokens_max;
      status.models = config->models;
    }
    return status;
  }

  // Ends the wait of a request.
  void answer(ticket id, admission_result result) {
    auto request = waiting_.leave(id);
    if (!request) return;
    metrics_.waited(std::chrono::duration<double>{now() - request->since}.count());
    if (auto* error = std::get_if<caf::error>(&result)) {
      request->promise.deliver(refused(std::move(*error)));
      return;
    }
    const auto& choice = std::get<decision>(result);
    metrics_.decided(choice);
    request->promise.delegate(by_id_.at(choice.engine)->proxy,
                              grant_request{request->epoch, choice});
  }

  void settle_if_any() {
    if (!admission_.queue().empty()) settle();
  }

  // What ends or makes room without a message is noticed by looking.
  void keep_ticking() {
    if (ticking_ || admission_.queue().empty()) return;
    ticking_ = true;
    self_->delayed_send(self_, settle_interval, settle_tick{});
  }

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
    config.state = !report.up                 ? engine_state::down
                   : report.settings.draining ? engine_state::draining
                                              : engine_state::up;
    config.kv_tokens_max = report.kv_tokens_max;
    config.settings = report.settings;
    return config;
  }

  router_actor::pointer self_;
  registry* names_;
  model_names aliases_;
  router_core core_;
  admission admission_;
  router_metrics metrics_;
  std::map<std::string, engine_entry, std::less<>> engines_;  // nodes stay where they are
  std::map<engine_id, engine_entry*> by_id_;
  waiting_room waiting_;
  std::uint64_t last_ticket_ = 0;
  bool ticking_ = false;
};

router_actor::behavior_type router(router_actor::pointer self, const router_options& options) {
  auto state = std::make_shared<router_state>(self, options);
  self->set_down_handler([state](caf::down_msg& message) { state->take_down(message); });
  state->start();
  return {
      [state](route_request& request) { return state->route(request); },
      [state](withdraw_request message) { state->withdraw(message.request); },
      [state](const first_token_came& message) { state->take_first_token(message); },
      [state](const request_ended& message) { state->take_end(message); },
      [state](engine_report& report, const engine_proxy_actor& proxy) {
        state->take_report(report, proxy);
      },
      [state](get_models) { return state->list(); },
      [state](maintain_tick) { state->maintain(); },
      [state](settle_tick) { state->settle_in_time(); },
      [state](const reconfigure_router& message) { state->reconfigure(message.spec); },
  };
}

}  // namespace

router_actor spawn_router(caf::actor_system& system, router_options options) {
  return system.spawn(router, options);
}

}  // namespace troupe::actors
