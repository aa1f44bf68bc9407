#include "tests/simulation/cluster/sim_stream.hpp"

#include <optional>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/names.hpp"
#include "actors/stream/retry_policy.hpp"
#include "runtime/ask.hpp"
#include "tests/simulation/cluster/sim_links.hpp"

namespace troupe::simulation {

namespace {

using actors::engine_lease;
using actors::lease_outcome;
using actors::verdict;

bool is_refused_lease(const caf::error& error) {
  if (error == caf::sec::request_receiver_down) return true;
  const auto code = failure_code(error, errc::no_engine);
  return code == errc::connect_failed || code == errc::connection_lost;
}

class sim_stream_state {
 public:
  static inline const char* name = "sim_stream";

  void begin(caf::event_based_actor* self, const sim_stream_options& options) {
    self_ = self;
    options_ = options;
    router_.emplace(*options.names, actors::router_name);
  }

  void take_request() {
    if (phase_ != phase::idle) return;
    ++number_;
    received_ = self_->clock().now();
    client_left_ = false;
    retries_ = actors::retry_policy{options_.attempts_max};
    options_.book->began(key(), received_ + deadline_of(options_));
    route();
  }

  void client_left() {
    if (phase_ == phase::idle || client_left_) return;
    client_left_ = true;
    if (phase_ == phase::routing) {
      if (const auto& router = router_->get()) {
        self_->send(router, actors::withdraw_request{id()});
      }
      // Another may come before what is due has come.
      return finish("the client left");
    }
    end_lease(lease_outcome::cancelled);
    finish("the client left");
  }

  void take_step(const exchange_step& step) {
    if (phase_ != phase::waiting || step.exchange != exchange_) return;
    switch (step.what) {
      case exchange_step::kind::first_token:
        bytes_sent_ = 1;
        if (const auto& router = router_->get()) {
          self_->send(router, actors::first_token_came{lease_->id, 0.01});
        }
        return;
      case exchange_step::kind::completed:
        end_lease(lease_outcome::completed);
        return finish("completed");
      case exchange_step::kind::failed:
        return attempt_ended(step.code);
    }
  }

 private:
  enum class phase { idle, routing, waiting };

  request_key key() const { return {options_.number, number_}; }

  // Unique within the node.
  std::uint64_t id() const { return options_.number << 32 | number_; }

  void route() {
    phase_ = phase::routing;
    bytes_sent_ = 0;
    const auto& router = router_->get();
    if (!router) return route_failed(make_failure(errc::no_engine, "the router is starting"));
    actors::route_request message;
    message.request = id();
    message.epoch = retries_.attempts() + 1;
    message.facts.model = "m";
    message.facts.prompt_bytes = 256;
    message.tried = retries_.tried();
    message.waited_ms = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(self_->clock().now() - received_)
            .count());
    options_.book->asked(key(), message.epoch);
    ask(
        self_, router, options_.ask_timeout, message,
        [this, number = number_, epoch = message.epoch](const engine_lease& granted) {
          options_.book->granted({options_.number, number}, epoch, granted.epoch);
          if (phase_ != phase::routing || number != number_) return give_back(granted);
          options_.book->used({options_.number, number}, granted.epoch);
          take_lease(granted);
        },
        [this, number = number_](const caf::error& error) {
          options_.book->ask_failed({options_.number, number},
                                    failure_code(error, errc::no_engine));
          if (phase_ == phase::routing && number == number_) route_failed(error);
        });
  }

  void give_back(const engine_lease& granted) {
    if (const auto& router = router_->get()) {
      self_->send(router, actors::request_ended{granted.id, lease_outcome::cancelled, {}});
    }
  }

  void take_lease(const engine_lease& granted) {
    lease_ = granted;
    retries_.begin_attempt(static_cast<std::uint32_t>(granted.engine));
    phase_ = phase::waiting;
    ++exchange_;
    options_.engines->ask({granted.host, granted.port}, exchange_,
                          {options_.node.id.name, teller()});
  }

  // Tells this actor what comes, once it is not paused.
  std::function<void(exchange_step)> teller() const {
    return [network = &options_.engines->network(), endpoint = options_.node.endpoint,
            self = caf::actor_cast<caf::actor_addr>(self_)](exchange_step what) {
      network->deliver(endpoint, [self, what](sim_links&) {
        if (const auto actor = caf::actor_cast<caf::actor>(self)) caf::anon_send(actor, what);
      });
    };
  }

  void route_failed(const caf::error& error) {
    const auto code = failure_code(error, errc::no_engine);
    if (code == errc::too_many_requests) return finish("too many requests");
    if (is_refused_lease(error) &&
        retries_.attempt_failed(errc::connect_failed, 0) == verdict::retry) {
      return route();
    }
    finish(to_string(code));
  }

  void attempt_ended(errc code) {
    const auto proxy = options_.names->find_as<actors::engine_proxy_actor>(
        actors::proxy_name(lease_->engine_name));
    if (proxy) self_->send(proxy, actors::attempt_failed{static_cast<std::uint8_t>(code)});
    end_lease(lease_outcome::failed);
    if (retries_.attempt_failed(code, bytes_sent_) == verdict::retry) return route();
    finish(to_string(code));
  }

  void end_lease(lease_outcome outcome) {
    if (!lease_) return;
    if (const auto& router = router_->get()) {
      self_->send(router, actors::request_ended{lease_->id, outcome, {}});
    }
    lease_.reset();
  }

  void finish(const std::string& how) {
    phase_ = phase::idle;
    options_.book->ended(key(), how);
  }

  caf::event_based_actor* self_ = nullptr;
  sim_stream_options options_;
  std::optional<cached_handle<actors::router_actor>> router_;
  actors::retry_policy retries_{1};
  phase phase_ = phase::idle;
  std::uint64_t number_ = 0;
  std::uint64_t exchange_ = 0;
  time_point received_{};
  bool client_left_ = false;
  std::size_t bytes_sent_ = 0;
  std::optional<engine_lease> lease_;
};

caf::behavior sim_stream(caf::stateful_actor<sim_stream_state>* self,
                         const sim_stream_options& options) {
  auto* state = &self->state;
  state->begin(self, options);
  return {
      [state](begin_request) { state->take_request(); },
      [state](leave_request) { state->client_left(); },
      [state](const exchange_step& step) { state->take_step(step); },
  };
}

}  // namespace

caf::actor spawn_sim_stream(caf::actor_system& system, const sim_stream_options& options) {
  return system.spawn(sim_stream, options);
}

// Each attempt may wait for a lease and then for an engine that says nothing.
std::chrono::milliseconds deadline_of(const sim_stream_options& options) {
  constexpr std::chrono::milliseconds exchange_max{2'500};
  return static_cast<int>(options.attempts_max) * (options.ask_timeout + exchange_max);
}

}  // namespace troupe::simulation
