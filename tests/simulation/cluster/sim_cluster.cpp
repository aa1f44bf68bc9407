#include "tests/simulation/cluster/sim_cluster.hpp"

#include <algorithm>
#include <utility>

#include "actors/catalogue.hpp"
#include "actors/names.hpp"
#include "config/topology_change.hpp"
#include "config/topology_members.hpp"

namespace troupe::simulation {

using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t incarnations_a_start = 100;  // room for those a node takes by itself
constexpr milliseconds peace_begins{13'000};         // no more requests
constexpr milliseconds all_ends{17'000};

}  // namespace

sim_result simulate(const fault_plan& plan, const mutations& without, const trace_sink& sink) {
  return sim_cluster{plan, without, sink}.run();
}

sim_cluster::sim_cluster(const fault_plan& plan, const mutations& without, const trace_sink& sink)
    : plan_{plan},
      without_{without},
      catalogue_{actors::make_catalogue()},
      world_{plan.seed},
      began_{world_.events.now()},
      nodes_(plan.nodes()),
      lives_(plan.nodes()),
      starts_no_sooner_(plan.nodes()) {
  world_.trace.sink = sink;
  network_.on_verdict = [this](const node_id& which, const node_id& by) {
    if (lives(which)) verdicts_.held_for_dead(which, by);
    leaves_.held_for_dead(which, by);
  };
  book_.on_failure = [this](const request_key& which, const std::string& how, time_point began) {
    leaves_.failed(which, how, began);
  };
  network_.ended_come_back = without.ended_come_back;
  network_.zombies_speak = without.zombies_speak;
}

sim_result sim_cluster::run() {
  for (std::size_t node = 0; node < nodes_.size(); ++node) start(node);
  for (std::size_t node = 0; node < plan_.routers; ++node) {
    for (std::size_t i = 0; i < clients_a_router; ++i) drive(node, i);
  }
  for (const auto& one : plan_.faults) plan(one);
  world_.events.at(peace_begins, [this] { serves_ = false; });
  run_until(began_ + all_ends);
  if (world_.trace.violation().empty()) check_end();
  return {world_.trace.hash(),  world_.trace.violation(), book_.begun(),  book_.completed(),
          book_.attempts_max(), network_.records_lost,    leases_leaked_, book_.lost_twice()};
}

// ---- time --------------------------------------------------------------------------------------

void sim_cluster::run_until(time_point end) {
  while (world_.trace.violation().empty()) {
    settle();
    book_.check();
    auto next = world_.events.next();
    for (const auto& node : nodes_) {
      if (node && !network_.is_paused(node->plan().name)) {
        next = std::min(next, node->next_timer());
      }
    }
    if (next > end) return;
    world_.events.advance(std::max(next, world_.events.now()));
  }
}

void sim_cluster::settle() {
  do {
    for (const auto& node : nodes_) {
      if (node && !network_.is_paused(node->plan().name)) node->run(world_.events.now());
    }
    end_stopped();
  } while (world_.events.run_due());
}

// ---- nodes -------------------------------------------------------------------------------------

std::vector<config::placed_spec> sim_cluster::placed() const {
  if (plan_.placed == 0) return {};
  config::placed_spec group;
  group.engine.name = "p";
  group.engine.kind = config::engine_kind::openai;  // no bound of its own
  group.engine.count = plan_.placed;
  group.engine.requests_max = plan_.requests_max;
  group.place.per_node_max = plan_.per_node_max;
  return {group};
}

sim_node_plan sim_cluster::plan_of(std::size_t node) const {
  sim_node_plan made;
  made.name = node_name(node);
  for (std::size_t i = 0; i < std::min<std::size_t>(nodes_.size(), 3); ++i) {
    made.seeds.push_back(sim_node::endpoint_of(node_name(i)));
  }
  made.tree.has_router = node < plan_.routers;
  made.tree.requests_max = plan_.requests_max;
  made.tree.placed = placed();
  const bool has_own = !made.tree.has_router && plan_.placed == 0;
  for (std::size_t i = 0; has_own && i < plan_.engines_each; ++i) {
    made.tree.engines.push_back("e" + std::to_string(node) + "-" + std::to_string(i));
  }
  for (std::size_t i = 0; made.tree.has_router && i < clients_a_router; ++i) {
    made.clients.push_back(node * clients_a_router + i);
  }
  return made;
}

bool sim_cluster::lives(const node_id& which) const {
  return std::ranges::any_of(nodes_,
                             [&](const auto& node) { return node && node->self().id == which; });
}

void sim_cluster::start(std::size_t node) {
  if (nodes_[node]) return;
  ++lives_[node];
  world_.note(node_name(node) + " starts");
  network_.add_process(node_name(node));
  leaves_.started(node_name(node));
  nodes_[node] = std::make_unique<sim_node>(
      sim_node::parts{network_, engines_, book_, catalogue_, leaves_, without_}, plan_of(node),
      lives_[node] * incarnations_a_start);
}

void sim_cluster::drive(std::size_t node, std::size_t client) {
  if (!serves_) return;
  world_.events.at(world_.random.between(milliseconds{20}, milliseconds{250}),
                   [this, node, client] {
                     drive(node, client);
                     request(node, client);
                   });
}

void sim_cluster::request(std::size_t node, std::size_t client) {
  if (!nodes_[node]) return;
  const bool leaves = world_.random.happens(0.1), whole = world_.random.happens(0.2);
  network_.run_on(node_name(node), [this, node, client, leaves, whole] {
    const auto number = nodes_[node]->begin_request(client, whole);
    if (!number) return;
    later(node, sim_node::answer_timeout,
          [client, request = *number](sim_node& at) { at.overdue(client, request); });
    if (!leaves) return;
    later(node, world_.random.between(milliseconds{0}, milliseconds{20}),
          [client](sim_node& at) { at.leave_request(client); });
  });
}

void sim_cluster::later(std::size_t node, duration after, std::function<void(sim_node&)> happen) {
  world_.events.at(after, [this, node, happen = std::move(happen)] {
    network_.run_on(node_name(node), [this, node, happen] { happen(*nodes_[node]); });
  });
}

// ---- the end -----------------------------------------------------------------------------------

void sim_cluster::check_end() {
  if (book_.open() != 0) world_.broken(std::to_string(book_.open()) + " requests never ended");
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    check_members(node);
    check_routes(node);
    check_asked(node);
  }
  check_placed();
  // A lease is lost with the record that grants or ends it, and with a grant that comes to one who
  // was told that it may be lost.
  const auto explained = network_.records_lost + network_.asks_failed;
  if (leases_leaked_ > explained) {
    world_.broken(std::to_string(leases_leaked_) + " leases nobody will end, of which " +
                  std::to_string(explained) + " may be lost with records");
  }
}

void sim_cluster::check_members(std::size_t node) {
  const auto known = nodes_[node]->members();
  if (!known) return world_.broken(node_name(node) + " has no membership");
  std::vector<node_id> there, held;
  for (const auto& each : nodes_) {
    if (each != nodes_[node]) there.push_back(each->self().id);
  }
  for (const auto& record : known->members) {
    const bool is_itself = record.node.id == nodes_[node]->self().id;
    if (record.state == member_state::up && !is_itself) held.push_back(record.node.id);
  }
  std::ranges::sort(there);
  std::ranges::sort(held);
  if (there != held) world_.broken(node_name(node) + " does not know who is there");
}

void sim_cluster::check_routes(std::size_t node) {
  if (!nodes_[node]->plan().tree.has_router) return;
  const auto listing = nodes_[node]->routed();
  if (!listing) return world_.broken(node_name(node) + " has no router");
  std::vector<std::string> up;
  for (const auto& engine : listing->engines) {
    if (engine.up && !engine.settings.draining) up.push_back(engine.name);
    leases_leaked_ += engine.leases;
  }
  std::ranges::sort(up);
  const auto there = engines_.running();
  if (up != there) {
    world_.broken("the router of " + node_name(node) + " knows " + std::to_string(up.size()) +
                  " of " + std::to_string(there.size()) + " engines");
  }
}

// All routers of other nodes are found, and answer.
void sim_cluster::check_asked(std::size_t node) {
  for (std::size_t other = 0; other < plan_.routers; ++other) {
    if (other == node) continue;
    const auto& asked = nodes_[node]->asked();
    const auto at = asked.find(actors::router_name_of(node_name(other)));
    if (at == asked.end() || !at->second) {
      world_.broken(node_name(node) + " does not reach the router of " + node_name(other));
    }
  }
}

// What the nodes have come to, each by itself, is what one that knew all would have said.
void sim_cluster::check_placed() {
  std::vector<std::string> wanted;
  config::topology all;
  all.placed = placed();
  std::vector<placement_node> view;
  for (const auto& each : nodes_) {
    const auto& self = each->self();
    view.push_back({self.id, self.labels, self.roles, self.weight});
    for (const auto& engine : each->plan().tree.engines) wanted.push_back(engine);
  }
  for (const auto& each : place(config::placed_actors(all), view).instances) {
    const auto engines = config::single_engines(all.placed.front().engine);
    wanted.push_back(each.node.name + "." + engines.at(each.slot).name);
  }
  std::ranges::sort(wanted);
  const auto there = engines_.running();
  if (wanted != there) world_.broken("not the engines run that should");
}

}  // namespace troupe::simulation
