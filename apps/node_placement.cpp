#include "apps/node_placement.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/messages.hpp"
#include "actors/names.hpp"
#include "actors/router_handles.hpp"
#include "runtime/ask.hpp"
#include "runtime/log.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {

struct placement_due {
  std::uint64_t number = 0;
};
struct ask_routers {};

}  // namespace troupe::apps

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::placement_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::ask_routers)

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds start_within{30'000};
constexpr std::chrono::milliseconds stop_within{60'000};  // an engine process has its grace
constexpr std::chrono::milliseconds ask_every{200};

constexpr std::string_view engine_prefix = "engine/";

std::string child_of(const std::string& engine) {
  return std::string{engine_prefix} + engine;
}

// Empty: the child is no engine.
std::string engine_of(std::string_view child) {
  if (!child.starts_with(engine_prefix)) return {};
  return std::string{child.substr(engine_prefix.size())};
}

placement_node as_placed(const node_description& node) {
  return {node.id, node.labels, node.roles, node.weight};
}

class placement_state {
 public:
  static inline const char* name = "placement";

  void begin(caf::event_based_actor* self, placement_options options) {
    self_ = self;
    options_ = std::move(options);
    hosting_.emplace(options_.live->placed(), options_.times);
    routers_.emplace(*options_.names);
    ask(
        self_, options_.supervisor, start_within, which_children{},
        [this](const std::vector<child_report>& children) { take_over(children); },
        [this](const caf::error& error) { self_->quit(error); });
  }

  void take_life(const cluster_life& life) {
    hosting_->begin(as_placed(life.self), now());
    arm();
  }

  void take(const transport::node_change& change) {
    using kind = membership_event::kind;
    if (change.what == kind::up) hosting_->up(as_placed(change.node), now());
    const bool is_gone = change.what == kind::down || change.what == kind::left;
    if (is_gone || change.what == kind::leaving) hosting_->gone(change.node.id, now());
    arm();
  }

  // Ticks that news have put off are passed over.
  void settle(std::uint64_t number) {
    if (number != timer_ || !hosting_->due()) return;
    settle();
  }

  void change_groups() {
    hosting_->change_groups(options_.live->placed(), now());
    arm();
  }

  void hand_over() {
    if (std::exchange(is_leaving_, true)) return;
    hosting_->leave(now());
    settle();
  }

  void poll() {
    ask_each(self_, routers_->get(), [this](const router_answers& routers) {
      is_asking_ = false;
      carry_out(hosting_->poll(routers, now()));
    });
  }

 private:
  time_point now() const { return self_->clock().now(); }

  // Of what another before this one began; an engine that it had stopped is done with.
  void take_over(const std::vector<child_report>& children) {
    for (const auto& child : children) {
      const auto engine = engine_of(child.name);
      if (engine.empty() || child.condition == child_condition::stopped) continue;
      const bool is_draining = options_.live->of(engine, {}).draining;
      hosting_->adopt(options_.node, engine, is_draining, now());
    }
    watch();
    options_.follow(self_);
    if (options_.leaves()) hand_over();
  }

  void arm() {
    const auto due = hosting_->due();
    if (due) self_->scheduled_send(self_, std::max(*due, now()), placement_due{++timer_});
  }

  void watch() {
    if (is_asking_ || !hosting_->is_moving()) return;
    is_asking_ = true;
    self_->delayed_send(self_, ask_every, ask_routers{});
  }

  void settle() {
    carry_out(hosting_->settle(now()));
    tell_shortages();
  }

  void carry_out(const std::vector<hosting_step>& steps) {
    for (const auto& step : steps) carry_out(step);
    watch();
    if (!is_leaving_ || hosting_->is_handing_over() || std::exchange(has_told_, true)) return;
    options_.handed_over();
  }

  void carry_out(const hosting_step& step) {
    const auto& name = step.engine.name;
    switch (step.what) {
      case hosting_step::kind::start:
        return start(step.engine);
      case hosting_step::kind::hand_over:
        return log::info("engine moves", {{"engine", name}, {"to", step.successor}});
      case hosting_step::kind::drain:
        return set_draining(step.engine, true);
      case hosting_step::kind::resume:
        return set_draining(step.engine, false);
      case hosting_step::kind::stop:
        return stop(name);
      case hosting_step::kind::resettle:
        return tell(step.engine, settings_of(step.engine));
    }
  }

  void start(const config::engine_spec& engine) {
    const auto& name = engine.name;
    log::info("engine is placed here", {{"engine", name}});
    if (const auto error = options_.describe(engine)) return not_started(name, error);
    options_.live->set(name, settings_of(engine));
    ask(
        self_, options_.supervisor, start_within, start_child{options_.engine_child(engine)},
        [](const child_report&) {},
        [this, name](const caf::error& error) { not_started(name, error); });
  }

  void not_started(const std::string& engine, const caf::error& error) {
    log::error("placed engine could not be started",
               {{"engine", engine}, {"why", failure_text(error)}});
    options_.live->forget(engine);
    hosting_->not_started(engine, now());
    arm();
  }

  void tell(const config::engine_spec& engine, const actors::engine_settings& settings) {
    options_.live->set(engine.name, settings);
    const auto proxy =
        options_.names->find_as<actors::engine_proxy_actor>(actors::proxy_name(engine.name));
    if (proxy) self_->send(proxy, settings);
  }

  void set_draining(const config::engine_spec& engine, bool draining) {
    auto settings = options_.live->of(engine.name, engine);
    settings.draining = draining;
    tell(engine, settings);
    log::info(draining ? "engine drains" : "engine takes requests again",
              {{"engine", engine.name}});
  }

  void stop(const std::string& engine) {
    const auto stopped = [this, engine] {
      log::info("engine no longer runs here", {{"engine", engine}});
      options_.live->forget(engine);
      carry_out(hosting_->stopped(engine));
    };
    ask(
        self_, options_.supervisor, stop_within, terminate_child{child_of(engine)},
        [this, engine, stopped](const child_report&) {
          ask(
              self_, options_.supervisor, stop_within, delete_child{child_of(engine)},
              [stopped](const child_report&) { stopped(); },
              [stopped](const caf::error&) { stopped(); });
        },
        [this, engine](const caf::error& error) {
          log::error("placed engine could not be stopped",
                     {{"engine", engine}, {"why", failure_text(error)}});
          hosting_->not_stopped(engine, now());
          watch();
        });
  }

  void tell_shortages() {
    if (hosting_->shortages() == told_) return;
    for (const auto& each : told_) {
      if (std::ranges::find(hosting_->shortages(), each.actor, &shortage::actor) ==
          hosting_->shortages().end()) {
        log::info("all engines of a group are placed again", {{"group", each.actor}});
      }
    }
    told_ = hosting_->shortages();
    for (const auto& each : told_) {
      log::warn("not all engines of a group can be placed", {{"group", each.actor},
                                                             {"wanted", each.wanted},
                                                             {"placed", each.placed},
                                                             {"why", each.reason}});
    }
  }

  caf::event_based_actor* self_ = nullptr;
  placement_options options_;
  std::optional<node_hosting> hosting_;
  std::optional<actors::router_handles> routers_;
  std::vector<shortage> told_;
  std::uint64_t timer_ = 0;  // the tick that counts
  bool is_asking_ = false;
  bool is_leaving_ = false;
  bool has_told_ = false;  // that all was handed over
};

caf::behavior placement_behavior(caf::stateful_actor<placement_state>* self,
                                 const placement_options& options) {
  auto* state = &self->state;
  state->begin(self, options);
  return {
      [state](const cluster_life& life) { state->take_life(life); },
      [state](const transport::node_change& change) { state->take(change); },
      [state](hand_over_all) { state->hand_over(); },
      [state](placed_changed) { state->change_groups(); },
      [state](placement_due due) { state->settle(due.number); },
      [state](ask_routers) { state->poll(); },
  };
}

}  // namespace

caf::actor spawn_placement(caf::actor_system& system, placement_options options) {
  return system.spawn(placement_behavior, std::move(options));
}

}  // namespace troupe::apps
