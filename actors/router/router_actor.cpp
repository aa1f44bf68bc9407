#include "actors/router/router_actor.hpp"

#include <algorithm>
#include <utility>

#include "actors/names.hpp"
#include "actors/router/admission.hpp"
#include "actors/router/known_engines.hpp"
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
        core_{options.spec, {.lease_numbers_from = options.lease_numbers_from}},
        admission_{options.spec, core_,
                   [this](ticket id, admission_result result) { answer(id, std::move(result)); }},
        metrics_{*options.metrics},
        heard_all_at_{now() + options.hears_within} {}

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
    if (auto lease = engines_.lease_of(choice, request.epoch)) return std::move(*lease);
    return self_->delegate(engines_.proxy_of(choice.engine), grant_request{request.epoch, choice});
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
    const auto name = report.name;
    if (engines_.take(report, proxy)) {
      self_->monitor(proxy);
      // Those of this node are published by who starts them.
      if (proxy.node() != self_->node()) names_->put(proxy_name(name), proxy);
    }
    settle_if_any();
  }

  void take_down(const caf::down_msg& message) {
    const auto name = engines_.name_of(message.source);
    if (name.empty()) return;
    if (!is_orderly(message.reason)) log::warn("engine proxy ended", {{"engine", name}});
    names_->erase(proxy_name(name),
                  caf::actor_cast<caf::strong_actor_ptr>(engines_.proxy_of(name)));
    engines_.end(name, message.reason, now());
    settle_if_any();
  }

  // Nobody else answers those who wait: as from a router that had ended before they asked.
  void end() {
    for (auto& [id, request] : waiting_.leave_all()) {
      request.promise.deliver(caf::make_error(caf::sec::request_receiver_down));
    }
  }

  model_listing list() const {
    auto listing = engines_.list();
    auto by_id = [](const model_card& a, const model_card& b) { return a.id < b.id; };
    auto same_id = [](const model_card& a, const model_card& b) { return a.id == b.id; };
    add_aliases(listing.models);
    std::stable_sort(listing.models.begin(), listing.models.end(), by_id);
    listing.models.erase(std::unique(listing.models.begin(), listing.models.end(), same_id),
                         listing.models.end());
    return listing;
  }

  void maintain() {
    engines_.forget_away(now());
    auto report = core_.maintain(now());
    if (!report.expired.empty()) {
      log::warn("leases expired that nobody ended", {{"count", report.expired.size()}});
      metrics_.leases_expired(report.expired.size());
    }
    metrics_.state_is(core_.lease_count(), core_.block_count());
    self_->delayed_send(self_, maintenance_interval, maintain_tick{});
  }

 private:
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
    const bool may_come = engines_.is_starting() || now() < heard_all_at_;
    if (may_come && failure_code(error, errc::no_engine) == errc::unknown_model) {
      error = make_failure(errc::no_engine, "the engines are still starting");
    }
    metrics_.refused(failure_code(error, errc::no_engine));
    return error;
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
    if (auto lease = engines_.lease_of(choice, request->epoch)) {
      request->promise.deliver(std::move(*lease));
      return;
    }
    request->promise.delegate(engines_.proxy_of(choice.engine),
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

  router_actor::pointer self_;
  registry* names_;
  model_names aliases_;
  router_core core_;
  admission admission_;
  router_metrics metrics_;
  known_engines engines_{core_, metrics_, self_->node()};
  waiting_room waiting_;
  time_point heard_all_at_;
  std::uint64_t last_ticket_ = 0;
  bool ticking_ = false;
};

router_actor::behavior_type router(router_actor::pointer self, const router_options& options) {
  auto state = std::make_shared<router_state>(self, options);
  self->set_down_handler([state](caf::down_msg& message) { state->take_down(message); });
  self->attach_functor([state] { state->end(); });
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
