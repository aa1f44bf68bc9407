#include "apps/node_tree.hpp"

#include <charconv>
#include <limits>
#include <random>
#include <utility>

#include <prometheus/counter.h>

#include "actors/engine_proxy/engine_process.hpp"
#include "actors/engine_proxy/engine_proxy.hpp"
#include "actors/names.hpp"
#include "actors/router/router_actor.hpp"
#include "apps/cli_engine.hpp"
#include "config/topology_change.hpp"
#include "config/units.hpp"

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds probe_timeout{2'000};
constexpr std::chrono::milliseconds process_grace{10'000};

// Lets a proxy, which runs on any I/O thread, use a prober that lives on one.
class posted_prober final : public actors::engine_prober {
 public:
  posted_prober(io_thread& home, transport::http::client& client)
      : home_{home}, inner_{std::make_shared<slot>()} {
    home_.post([inner = inner_, &client] {
      inner->prober = actors::make_http_prober(client, probe_timeout);
    });
  }

  // The prober cancels what is under way, on its own thread.
  ~posted_prober() override {
    home_.post([inner = std::move(inner_)] { inner->prober.reset(); });
  }

  void probe(const transport::http::endpoint& at,
             std::function<void(const actors::probe_report&)> done) override {
    home_.post([inner = inner_, at, done = std::move(done)]() mutable {
      inner->prober->probe(at, std::move(done));
    });
  }

 private:
  struct slot {
    std::unique_ptr<actors::engine_prober> prober;
  };

  io_thread& home_;
  std::shared_ptr<slot> inner_;
};

supervisor_policy policy_of(const config::supervisor_spec& spec) {
  supervisor_policy policy;
  switch (spec.strategy) {
    case config::restart_strategy::one_for_one:
      policy.strategy = restart_strategy::one_for_one;
      break;
    case config::restart_strategy::one_for_all:
      policy.strategy = restart_strategy::one_for_all;
      break;
    case config::restart_strategy::rest_for_one:
      policy.strategy = restart_strategy::rest_for_one;
      break;
  }
  policy.restarts_max = spec.restarts_max;
  policy.period = spec.period;
  policy.backoff_min = spec.backoff_min;
  policy.backoff_max = spec.backoff_max;
  return policy;
}

// Back-off bounds the rate of restarts; their number has no bound.
supervisor_policy patient_policy(const config::supervisor_spec& spec) {
  auto policy = policy_of(spec);
  policy.strategy = restart_strategy::one_for_one;
  policy.restarts_max = std::numeric_limits<std::uint32_t>::max();
  policy.period = policy.backoff_max;
  return policy;
}

child_spec proxy_child(const node_resources& resources, const config::engine_spec& engine,
                       const std::string& name) {
  child_spec child;
  child.name = actors::proxy_name(name);
  child.start = [&resources, engine, name](caf::actor_system& system) -> caf::expected<caf::actor> {
    actors::engine_proxy_options options;
    options.engine = name;
    options.settings = resources.live.of(name, engine);
    options.health.probe_interval = engine.probe_interval;
    options.names = &resources.names;
    options.prober = std::make_shared<posted_prober>(resources.home, resources.client);
    if (engine.kind == config::engine_kind::openai) {
      auto at = engine_endpoint(engine.url);
      options.address = actors::engine_address{at.host, at.port};
    }
    return caf::actor_cast<caf::actor>(actors::spawn_engine_proxy(system, std::move(options)));
  };
  return child;
}

// Where the routers of other nodes reach an engine of this one.
std::string engine_host(const config::node_spec& node) {
  const auto peer = config::parse_peer(node.member.advertise);
  return peer ? peer->host : "127.0.0.1";
}

child_spec engine_process_child(const node_resources& resources, const config::engine_spec& engine,
                                const std::string& name) {
  child_spec child;
  child.name = actors::process_name(name);
  child.stop_grace = process_grace + std::chrono::seconds{1};
  child.start = [&resources, engine, name](caf::actor_system& system) -> caf::expected<caf::actor> {
    actors::engine_process_options options;
    options.engine = name;
    options.command = engine_command(resources.program, resources.spec, engine);
    options.host = engine_host(resources.spec);
    options.stop_grace = process_grace;
    options.names = &resources.names;
    return caf::actor_cast<caf::actor>(
        spawn_pinned<actors::engine_process>(system, &resources.home, std::move(options)));
  };
  return child;
}

// Apart from those of other routers, which lease from the same engines.
// Of a router that starts, in a cluster: as long as placement waits to hear of the others.
constexpr std::chrono::milliseconds hears_of_engines_within{3'000};

std::uint64_t random_lease_numbers() {
  return std::uint64_t{std::random_device{}()} << 31;
}

child_spec router_child(const node_resources& resources) {
  child_spec child;
  child.name = actors::router_name;
  child.start = [&resources](caf::actor_system& system) -> caf::expected<caf::actor> {
    return caf::actor_cast<caf::actor>(actors::spawn_router(
        system,
        {resources.live.router(), &resources.names, resources.metrics, random_lease_numbers(),
         resources.in_cluster ? hears_of_engines_within : std::chrono::milliseconds{0}}));
  };
  return child;
}

}  // namespace

std::function<void(const std::string&)> restart_counter(const node_resources& resources) {
  auto& family = prometheus::BuildCounter()
                     .Name("troupe_restarts_total")
                     .Help("Restarts of supervised actors and engine processes.")
                     .Register(*resources.metrics);
  return [&family](const std::string& child) { family.Add({{"child", child}}).Increment(); };
}

child_spec apart(const node_resources& resources, const std::string& name,
                 std::vector<child_spec> children) {
  supervisor_spec tree;
  tree.name = name;
  tree.policy = patient_policy(resources.spec.supervisor);
  tree.names = &resources.names;
  tree.on_restart = restart_counter(resources);
  tree.children = std::move(children);
  child_spec child;
  child.name = name;
  child.stop_grace = process_grace + std::chrono::seconds{2};
  child.start = [tree](caf::actor_system& system) -> caf::expected<caf::actor> {
    return caf::actor_cast<caf::actor>(spawn_supervisor(system, tree));
  };
  return child;
}

child_process_spec engine_command(const std::string& program, const config::node_spec& node,
                                  const config::engine_spec& group) {
  child_process_spec command;
  command.argv = engine_arguments(engine_options_of(node, group));
  command.argv.insert(command.argv.begin(), program);
  return command;
}

transport::http::endpoint engine_endpoint(const std::string& url) {
  std::string_view rest{url};
  if (auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    rest.remove_prefix(scheme + 3);
  }
  rest = rest.substr(0, rest.find('/'));
  transport::http::endpoint at{std::string{rest}, 80};
  auto colon = rest.rfind(':');
  auto bracket = rest.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    at.host = rest.substr(0, colon);
    std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), at.port);
  }
  if (at.host.starts_with('[')) at.host = at.host.substr(1, at.host.size() - 2);
  return at;
}

child_spec engine_child(const node_resources& resources, const config::engine_spec& engine) {
  const auto& name = engine.name;
  std::vector<child_spec> children{proxy_child(resources, engine, name)};
  if (engine.kind == config::engine_kind::embedded) {
    children.push_back(engine_process_child(resources, engine, name));
  }
  return apart(resources, "engine/" + name, std::move(children));
}

supervisor_spec make_tree(const node_resources& resources, const child_spec& admin,
                          const std::optional<child_spec>& cluster) {
  supervisor_spec root;
  root.name = "node/" + resources.spec.name;
  root.policy = policy_of(resources.spec.supervisor);
  root.names = &resources.names;
  root.on_restart = restart_counter(resources);
  if (cluster) root.children.push_back(apart(resources, "cluster", {*cluster}));
  root.children.push_back(apart(resources, "admin", {admin}));
  if (resources.spec.has_router) root.children.push_back(router_child(resources));
  for (const auto& group : resources.spec.engines) {
    for (const auto& engine : config::single_engines(group)) {
      root.children.push_back(engine_child(resources, engine));
    }
  }
  return root;
}

}  // namespace troupe::apps
