// What a plan's faults do to a simulated cluster.
#include "tests/simulation/cluster/sim_cluster.hpp"

#include <algorithm>

namespace troupe::simulation {

using std::chrono::milliseconds;

namespace {

constexpr std::chrono::microseconds slowness{milliseconds{30}};
constexpr double loss = 0.05;
constexpr milliseconds starts_in{30};  // a process, at the least; its engines are gone by then

}  // namespace

void sim_cluster::plan(const fault& one) {
  world_.events.at(one.at, [this, one] {
    world_.note("fault: " + to_string(one));
    begin(one);
  });
  world_.events.at(one.at + one.lasting, [this, one] { end(one); });
}

void sim_cluster::begin(const fault& one) {
  switch (one.kind) {
    case fault_kind::kill:
      return kill(one.node);
    case fault_kind::leave:
      starts_no_sooner_[one.node] = world_.events.now() + one.lasting;
      return leave(one.node);
    case fault_kind::pause:
      return pause(one.node);
    case fault_kind::cut:
      return network_.cut(between(one.node, one.other));
    case fault_kind::isolate:
      return isolate(one.node, true);
    case fault_kind::slow:
      return network_.slow(between(one.node, one.other), slowness);
    case fault_kind::lose:
      return network_.lose(between(one.node, one.other), loss);
    case fault_kind::engine_dies:
      return engines_.fail(node_name(one.node));
    case fault_kind::engine_hangs:
      return engines_.hang(node_name(one.node));
    case fault_kind::actor_dies:
      return later(one.node, {}, [](sim_node& node) { node.kill_actors(); });
  }
}

void sim_cluster::end(const fault& one) {
  switch (one.kind) {
    case fault_kind::kill:
    case fault_kind::leave:
      return start(one.node);
    case fault_kind::pause:
      return resume(one.node);
    case fault_kind::cut:
      return network_.mend(between(one.node, one.other));
    case fault_kind::isolate:
      return isolate(one.node, false);
    case fault_kind::slow:
      return network_.slow(between(one.node, one.other), -slowness);
    case fault_kind::lose:
      return network_.lose(between(one.node, one.other), -loss);
    case fault_kind::engine_dies:
      return engines_.mend(node_name(one.node));
    case fault_kind::engine_hangs:
      return engines_.end_hung(node_name(one.node));
    case fault_kind::actor_dies:
      return;
  }
}

void sim_cluster::kill(std::size_t node) {
  if (!nodes_[node]) return;
  world_.note(node_name(node) + " is killed");
  gone(node);
}

// The kernel ends what of its process is left.
void sim_cluster::gone(std::size_t node) {
  const auto self = nodes_[node]->self();
  for (const auto client : nodes_[node]->plan().clients) book_.forgotten(client);
  engines_.node_died(node_name(node));
  leaves_.died(node_name(node));
  nodes_[node].reset();
  network_.node_died(self);
}

void sim_cluster::leave(std::size_t node) {
  network_.run_on(node_name(node), [this, node] { nodes_[node]->tell_to_stop(); });
}

// Those that have ended in order are started again when their faults say so, or soon.
void sim_cluster::end_stopped() {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (!nodes_[node] || !nodes_[node]->has_stopped()) continue;
    world_.note(node_name(node) + " has stopped");
    if (nodes_[node]->has_stopped_cleanly()) {
      leaves_.stopped(nodes_[node]->self().id);
      if (engines_.running_on(node_name(node)) != 0) {
        world_.broken(node_name(node) + " has stopped, and its engines run");
      }
    }
    gone(node);
    const auto wait = starts_no_sooner_[node] - world_.events.now();
    world_.events.at(std::max<duration>(wait, starts_in), [this, node] { start(node); });
  }
}

void sim_cluster::pause(std::size_t node) {
  network_.pause(node_name(node));
  if (!nodes_[node]) return;
  for (const auto client : nodes_[node]->plan().clients) book_.excused(client);
}

void sim_cluster::resume(std::size_t node) {
  // Timers that are late fire before what waits in sockets is read.
  if (nodes_[node]) nodes_[node]->run(world_.events.now());
  network_.resume(node_name(node));
}

void sim_cluster::isolate(std::size_t node, bool on) {
  for (std::size_t other = 0; other < nodes_.size(); ++other) {
    if (other == node) continue;
    for (const auto& which : {between(node, other), between(other, node)}) {
      if (on) {
        network_.cut(which);
      } else {
        network_.mend(which);
      }
    }
  }
}

}  // namespace troupe::simulation
