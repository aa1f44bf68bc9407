#include "tests/simulation/cluster/sim_cluster.hpp"

#include <algorithm>
#include <utility>

#include "actors/catalogue.hpp"

namespace troupe::simulation {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t clients_a_node = 3;
constexpr std::uint64_t incarnations_a_start = 100;  // room for those a node takes by itself
constexpr milliseconds engine_starts_in{100};
constexpr milliseconds peace_begins{13'000};  // no more requests
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
      lives_(plan.nodes()) {
  world_.trace.sink = sink;
  network_.ended_come_back = without.ended_come_back;
  network_.zombies_speak = without.zombies_speak;
}

sim_result sim_cluster::run() {
  for (std::size_t node = 0; node < nodes_.size(); ++node) start(node);
  for (std::size_t node = 0; node < plan_.routers; ++node) {
    for (std::size_t i = 0; i < clients_a_node; ++i) drive(node, i);
  }
  for (const auto& one : plan_.faults) plan(one);
  world_.events.at(peace_begins, [this] { serves_ = false; });
  run_until(began_ + all_ends);
  if (world_.trace.violation().empty()) check_end();
  return {world_.trace.hash(),  world_.trace.violation(), book_.begun(), book_.completed(),
          book_.attempts_max(), network_.records_lost,    leases_leaked_};
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
  } while (world_.events.run_due());
}

// ---- nodes -------------------------------------------------------------------------------------

sim_node_plan sim_cluster::plan_of(std::size_t node) const {
  sim_node_plan made;
  made.name = name_of(node);
  for (std::size_t i = 0; i < std::min<std::size_t>(nodes_.size(), 3); ++i) {
    made.seeds.push_back(sim_node::endpoint_of(name_of(i)));
  }
  made.has_router = node < plan_.routers;
  made.requests_max = plan_.requests_max;
  if (!made.has_router) made.engines.push_back("e" + std::to_string(node));
  for (std::size_t i = 0; made.has_router && i < clients_a_node; ++i) {
    made.clients.push_back(node * clients_a_node + i);
  }
  return made;
}

void sim_cluster::start(std::size_t node) {
  if (nodes_[node]) return;
  ++lives_[node];
  world_.note(name_of(node) + " starts");
  nodes_[node] =
      std::make_unique<sim_node>(sim_node::parts{network_, engines_, book_, catalogue_, without_},
                                 plan_of(node), lives_[node] * incarnations_a_start);
  start_engines(node);
}

void sim_cluster::start_engines(std::size_t node) {
  if (!nodes_[node] || nodes_[node]->plan().engines.empty()) return;
  world_.events.at(engine_starts_in, [this, node, life = lives_[node]] {
    if (!nodes_[node] || lives_[node] != life) return;
    const auto& engine = nodes_[node]->plan().engines.front();
    engines_.kill(engine);
    const auto at = engines_.start(engine, name_of(node));
    network_.deliver(nodes_[node]->endpoint(),
                     [this, node, at](sim_links&) { nodes_[node]->engine_started(at); });
  });
}

void sim_cluster::stop_engines(std::size_t node) {
  if (!nodes_[node] || nodes_[node]->plan().engines.empty()) return;
  engines_.kill(nodes_[node]->plan().engines.front());
  network_.deliver(nodes_[node]->endpoint(),
                   [this, node](sim_links&) { nodes_[node]->engine_ended(); });
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
  network_.deliver(nodes_[node]->endpoint(), [this, node, client, leaves, whole](sim_links&) {
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
    if (!nodes_[node]) return;
    network_.deliver(nodes_[node]->endpoint(),
                     [this, node, happen](sim_links&) { happen(*nodes_[node]); });
  });
}

// ---- the end -----------------------------------------------------------------------------------

void sim_cluster::check_end() {
  if (book_.open() != 0) world_.broken(std::to_string(book_.open()) + " requests never ended");
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    check_members(node);
    check_routes(node);
  }
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
  if (!known) return world_.broken(name_of(node) + " has no membership");
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
  if (there != held) world_.broken(name_of(node) + " does not know who is there");
}

void sim_cluster::check_routes(std::size_t node) {
  if (!nodes_[node]->plan().has_router) return;
  const auto listing = nodes_[node]->routed();
  if (!listing) return world_.broken(name_of(node) + " has no router");
  std::vector<std::string> up, there;
  for (const auto& engine : listing->engines) {
    if (engine.up) up.push_back(engine.name);
    leases_leaked_ += engine.leases;
  }
  for (const auto& each : nodes_) {
    for (const auto& engine : each->plan().engines) {
      if (engines_.runs(engine)) there.push_back(engine);
    }
  }
  std::ranges::sort(up);
  std::ranges::sort(there);
  if (up != there) {
    world_.broken("the router of " + name_of(node) + " knows " + std::to_string(up.size()) +
                  " of " + std::to_string(there.size()) + " engines");
  }
}

}  // namespace troupe::simulation
