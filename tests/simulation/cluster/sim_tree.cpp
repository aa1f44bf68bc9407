#include "tests/simulation/cluster/sim_tree.hpp"

#include <limits>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "actors/engine_proxy/engine_proxy.hpp"
#include "actors/names.hpp"
#include "actors/router/router_actor.hpp"
#include "apps/node_drain.hpp"
#include "apps/node_placement.hpp"
#include "tests/simulation/cluster/sim_process.hpp"

namespace troupe::simulation {

using std::chrono::milliseconds;

namespace {

// As apps/node_tree has it in a cluster.
constexpr milliseconds hears_of_engines_within{3'000};

config::router_spec router_spec() {
  config::router_spec spec;
  spec.admission.queue_timeout = sim_tree::queue_timeout;
  return spec;
}

// As apps/node_tree has it for engines.
supervisor_policy patient_policy() {
  supervisor_policy policy;
  policy.backoff_max = milliseconds{1'000};
  policy.restarts_max = std::numeric_limits<std::uint32_t>::max();
  policy.period = policy.backoff_max;
  return policy;
}

config::engine_spec static_engine(const std::string& name, std::uint32_t requests_max) {
  config::engine_spec engine;
  engine.name = name;
  engine.kind = config::engine_kind::openai;  // no bound of its own
  engine.requests_max = requests_max;
  return engine;
}

}  // namespace

apps::hosting_times sim_hosting_times() {
  apps::hosting_times times;
  times.retry = milliseconds{1'000};
  times.handover_max = milliseconds{2'000};
  times.drain_max = milliseconds{2'000};
  return times;
}

sim_tree::sim_tree(parts p, const sim_tree_plan& plan, node_description node)
    : parts_{std::move(p)}, node_{std::move(node)}, live_{router_spec()} {
  supervisor_spec root;
  root.name = "node/" + node_.id.name;
  root.names = &parts_.names;
  root.jitter_seed = parts_.world.random.number();
  root.children.push_back(apart("cluster", {parts_.cluster}));
  if (plan.has_router) root.children.push_back(router_child());
  for (const auto& engine : plan.engines) {
    root.children.push_back(engine_child(static_engine(engine, plan.requests_max)));
  }
  root_ = spawn_supervisor(parts_.system, std::move(root));
  caf::actor_cast<caf::abstract_actor*>(root_)->attach_functor(
      [notify = parts_.notify] { notify(apps::node_event::supervisor_ended); });
  caf::anon_send(root_, start_child{apart("placement", {placement_child(plan.placed)})});
}

void sim_tree::kill() {
  caf::anon_send_exit(root_, caf::exit_reason::kill);
  if (drain_) caf::anon_send_exit(drain_, caf::exit_reason::kill);
  drain_ = nullptr;
}

void sim_tree::hand_over() {
  const auto placement = parts_.names.find_as<caf::actor>(apps::placement_name);
  if (placement) caf::anon_send(placement, apps::hand_over_all{});
}

void sim_tree::drain_engines() {
  if (parts_.without.undrained) return parts_.notify(apps::node_event::engines_drained);
  drain_ = apps::spawn_node_drain(parts_.system, {&parts_.names, &live_, [notify = parts_.notify] {
                                                    notify(apps::node_event::engines_drained);
                                                  }});
}

void sim_tree::stop() {
  caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
  if (drain_) caf::anon_send_exit(drain_, caf::exit_reason::user_shutdown);
}

void sim_tree::kill_actors() {
  for (const auto& name : parts_.names.names()) {
    const bool dies =
        name == actors::router_name || name == apps::placement_name || actors::is_proxy_name(name);
    const auto actor = parts_.names.find_as<caf::actor>(name);
    if (!dies || actor.node() != parts_.system.node()) continue;
    parts_.world.note(name + " of " + node_.id.name + " is killed");
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  }
}

child_spec sim_tree::made(const std::string& name) const {
  child_spec child{.name = name};
  if (parts_.without.no_restarts) child.kind = restart_kind::temporary;
  return child;
}

child_spec sim_tree::router_child() {
  auto child = made(actors::router_name);
  child.start = [this](caf::actor_system& system) -> caf::expected<caf::actor> {
    parts_.world.note("router of " + node_.id.name + " starts");
    router_since_ = parts_.world.events.now();
    return caf::actor_cast<caf::actor>(
        actors::spawn_router(system, {live_.router(), &parts_.names, metrics_,
                                      parts_.world.random.number() >> 2, hears_of_engines_within}));
  };
  return child;
}

child_spec sim_tree::proxy_child(const config::engine_spec& engine) {
  auto child = made(actors::proxy_name(engine.name));
  child.start = [this, engine](caf::actor_system& system) -> caf::expected<caf::actor> {
    parts_.world.note("proxy of " + engine.name + " starts");
    actors::engine_proxy_options options;
    options.engine = engine.name;
    options.settings = live_.of(engine.name, engine);
    options.prober = parts_.engines.prober(engine.name, node_.id.name);
    options.names = &parts_.names;
    return caf::actor_cast<caf::actor>(actors::spawn_engine_proxy(system, std::move(options)));
  };
  return child;
}

child_spec sim_tree::child_of_process(const std::string& engine) {
  auto child = made(actors::process_name(engine));
  child.start = [this, engine](caf::actor_system& system) -> caf::expected<caf::actor> {
    return spawn_sim_process(
        system, {engine, node_, &parts_.names, &parts_.engines, parts_.without.orphans});
  };
  return child;
}

child_spec sim_tree::engine_child(const config::engine_spec& engine) {
  return apart("engine/" + engine.name, {proxy_child(engine), child_of_process(engine.name)});
}

child_spec sim_tree::apart(const std::string& name, std::vector<child_spec> children) {
  supervisor_spec tree;
  tree.name = name;
  tree.policy = patient_policy();
  tree.names = &parts_.names;
  tree.jitter_seed = parts_.world.random.number();
  tree.children = std::move(children);
  child_spec child;
  child.name = name;
  child.start = [tree](caf::actor_system& system) -> caf::expected<caf::actor> {
    return caf::actor_cast<caf::actor>(spawn_supervisor(system, tree));
  };
  return child;
}

child_spec sim_tree::placement_child(const std::vector<config::placed_spec>& placed) {
  live_.set_placed(placed);
  apps::placement_options options{node_.id.name};
  options.times = sim_hosting_times();
  options.names = &parts_.names;
  options.live = &live_;
  options.supervisor = root_;
  options.engine_child = [this](const config::engine_spec& engine) { return engine_child(engine); };
  options.describe = [](const config::engine_spec&) { return caf::error{}; };
  options.follow = parts_.follow;
  options.leaves = parts_.leaves;
  options.handed_over = [notify = parts_.notify] { notify(apps::node_event::handed_over); };
  auto child = made(apps::placement_name);
  child.start = [this, options](caf::actor_system& system) -> caf::expected<caf::actor> {
    parts_.world.note("placement of " + node_.id.name + " starts");
    return apps::spawn_placement(system, options);
  };
  return child;
}

}  // namespace troupe::simulation
