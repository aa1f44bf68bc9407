#include "apps/node_drain.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/messages.hpp"
#include "actors/names.hpp"
#include "apps/router_answers.hpp"

namespace troupe::apps {

struct look_at_routers {};

}  // namespace troupe::apps

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::look_at_routers)

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds look_every{50};

class drain_state {
 public:
  static inline const char* name = "node_drain";

  void begin(caf::event_based_actor* self, drain_options options) {
    self_ = self;
    options_ = std::move(options);
    for (const auto& each : options_.names->names()) {
      if (!actors::is_proxy_name(each)) continue;
      const auto proxy = options_.names->find_as<actors::engine_proxy_actor>(each);
      if (proxy && proxy.node() == self_->node()) drain(actors::engine_of_proxy(each), proxy);
    }
    look();
  }

  void look() {
    std::vector<actors::router_actor> routers;
    for (const auto& each : options_.names->names()) {
      if (!actors::is_router_name(each) || each == actors::router_name) continue;
      auto router = options_.names->find_as<actors::router_actor>(each);
      if (router) routers.push_back(std::move(router));
    }
    ask_each(self_, routers, [this](const router_answers& answers) { judge(answers); });
  }

 private:
  // A proxy that restarts meanwhile finds it in the live settings.
  void drain(const std::string& engine, const actors::engine_proxy_actor& proxy) {
    auto settings = options_.live->of(engine, {});
    settings.draining = settings.node_leaves = true;
    options_.live->set(engine, settings);
    self_->send(proxy, settings);
    engines_.push_back(engine);
  }

  void judge(const router_answers& answers) {
    const bool is_done = std::ranges::all_of(
        engines_, [&](const auto& engine) { return is_drained_everywhere(answers, engine); });
    if (!is_done) return self_->delayed_send(self_, look_every, look_at_routers{});
    options_.drained();
    self_->quit();
  }

  caf::event_based_actor* self_ = nullptr;
  drain_options options_;
  std::vector<std::string> engines_;
};

caf::behavior drain_behavior(caf::stateful_actor<drain_state>* self, const drain_options& options) {
  auto* state = &self->state;
  state->begin(self, options);
  return {[state](look_at_routers) { state->look(); }};
}

}  // namespace

caf::actor spawn_node_drain(caf::actor_system& system, drain_options options) {
  return system.spawn(drain_behavior, std::move(options));
}

}  // namespace troupe::apps
