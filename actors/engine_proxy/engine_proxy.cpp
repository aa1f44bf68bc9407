#include "actors/engine_proxy/engine_proxy.hpp"

#include <utility>

#include "actors/names.hpp"
#include "actors/router_handles.hpp"
#include "runtime/log.hpp"

namespace troupe::actors {

namespace {

class engine_proxy_state {
 public:
  engine_proxy_state(engine_proxy_actor::pointer self, engine_proxy_options options)
      : self_{self},
        options_{std::move(options)},
        health_{options_.health},
        routers_{*options_.names} {}

  void start() {
    if (options_.address) {
      take_address(*options_.address);
    } else if (auto process =
                   options_.names->find_as<engine_process_actor>(process_name(options_.engine))) {
      self_->send(process, get_engine_address{});
    }
    report(false);
  }

  void take_address(engine_address address) {
    const bool gone = address.port == 0;
    address_ = std::move(address);
    probe_number_ = 0;  // what is under way was meant for the old address
    if (gone) {
      health_.endpoint_gone();
      gauges_ = {};
    } else {
      health_.endpoint_known(now());
    }
    report(gone);
    schedule();
  }

  caf::result<engine_lease> grant(const grant_request& request) {
    if (health_.state() != health_state::up) {
      // Whose lease it is the request does not say; the other routers know no such lease.
      for (const auto& router : routers_.get()) {
        self_->send(router, request_ended{request.choice.lease, lease_outcome::failed, {}});
      }
      return make_failure(errc::connect_failed, "engine " + options_.engine + " is not up");
    }
    return engine_lease{request.choice.lease,
                        request.choice.engine,
                        options_.engine,
                        address_.host,
                        address_.port,
                        request.epoch,
                        request.choice.cached_tokens};
  }

  void take_failure(errc code) {
    auto before = health_.state();
    health_.attempt_failed(code, now());
    if (health_.state() == before) return;
    log_state(to_string(code));
    report(false);
    schedule();
  }

  void probe(std::uint64_t timer) {
    if (timer != timer_ || !health_.probes()) return;
    probe_number_ = ++last_number_;
    options_.prober->probe(
        {address_.host, address_.port},
        [number = probe_number_, proxy = engine_proxy_actor{self_}](const probe_report& report) {
          caf::anon_send(proxy, to_message(number, report));
        });
  }

  void take_probe(probe_done& done) {
    if (done.number != probe_number_) return;
    auto before = health_.state();
    if (!done.alive) {
      health_.probe_failed(static_cast<errc>(done.failure), now());
    } else if (done.has_models || !models_.empty()) {
      health_.probe_passed(now());
      gauges_ = done.gauges;
      if (done.has_models) models_ = std::move(done.models);
    } else {
      // Alive, and not yet ready to say what it serves: nothing could be routed to it.
      health_.probe_failed(errc::overloaded, now());
    }
    if (health_.state() != before) log_state(done.alive ? "probe" : "failed probe");
    report(false);
    schedule();
  }

  void report(bool died) {
    engine_report message;
    message.name = options_.engine;
    message.up = health_.state() == health_state::up;
    message.died = died;
    message.settings = options_.settings;
    message.models = models_;
    message.kv_tokens_max = gauges_.kv_tokens_max;
    message.kv_usage = gauges_.kv_usage;
    message.running = gauges_.running;
    message.waiting = gauges_.waiting;
    message.host = address_.host;
    message.port = address_.port;
    for (const auto& router : routers_.get()) {
      self_->send(router, message, engine_proxy_actor{self_});
    }
  }

  void take_settings(const engine_settings& settings) {
    options_.settings = settings;
    report(false);
  }

  // Handles of other actors would keep them, and through them us, alive.
  void clear() {
    routers_.reset();
    options_.prober.reset();
  }

 private:
  static probe_done to_message(std::uint64_t number, const probe_report& report) {
    return {
        number,        report.alive, static_cast<std::uint8_t>(report.failure), report.has_models,
        report.models, report.gauges};
  }

  time_point now() const { return self_->clock().now(); }

  void schedule() {
    ++timer_;
    if (!health_.probes()) return;
    auto at = std::max(health_.next_probe(), now());
    self_->scheduled_send(self_, at, probe_tick{timer_});
  }

  void log_state(std::string_view why) const {
    log::info("engine is now " + std::string{to_string(health_.state())},
              {{"engine", options_.engine}, {"after", why}});
  }

  engine_proxy_actor::pointer self_;
  engine_proxy_options options_;
  engine_health health_;
  router_handles routers_;
  engine_address address_;
  std::vector<model_card> models_;
  engine_gauges gauges_;
  std::uint64_t timer_ = 0;         // the tick that counts; older ones are passed over
  std::uint64_t probe_number_ = 0;  // the probe that counts; 0: none
  std::uint64_t last_number_ = 0;
};

engine_proxy_actor::behavior_type engine_proxy(engine_proxy_actor::pointer self,
                                               const engine_proxy_options& options) {
  auto state = std::make_shared<engine_proxy_state>(self, options);
  self->attach_functor([state] { state->clear(); });
  state->start();
  return {
      [state](const grant_request& request) { return state->grant(request); },
      [state](attempt_failed failure) { state->take_failure(static_cast<errc>(failure.code)); },
      [state](engine_address& address) { state->take_address(std::move(address)); },
      [state](probe_tick tick) { state->probe(tick.number); },
      [state](probe_done& done) { state->take_probe(done); },
      [state](report_to_router) { state->report(false); },
      [state](const engine_settings& settings) { state->take_settings(settings); },
  };
}

}  // namespace

engine_proxy_actor spawn_engine_proxy(caf::actor_system& system, engine_proxy_options options) {
  return system.spawn(engine_proxy, options);
}

}  // namespace troupe::actors
