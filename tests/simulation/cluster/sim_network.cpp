#include "tests/simulation/cluster/sim_network.hpp"

#include "tests/simulation/cluster/sim_links.hpp"

namespace troupe::simulation {

void sim_network::mend(const way& which) {
  if (--cuts_[which] > 0) return;
  cuts_.erase(which);
  for (const auto& [endpoint, node] : nodes_) {
    if (node->self().id.name == which.first) node->mended(which.second);
  }
}

void sim_network::resume(const std::string& node) {
  if (--paused_[node] > 0) return;
  paused_.erase(node);
  for (const auto& happen : std::exchange(backlog_[node], {})) happen();
}

bool sim_network::is_cut(const std::string& from, const std::string& to) const {
  return cuts_.contains({from, to});
}

bool sim_network::is_paused(const std::string& node) const {
  return paused_.contains(node);
}

bool sim_network::loses(const std::string& from, const std::string& to) {
  const auto at = loss_.find({from, to});
  return at != loss_.end() && world.random.happens(at->second);
}

std::chrono::microseconds sim_network::delay(const std::string& from, const std::string& to) {
  const auto at = slow_.find({from, to});
  const auto extra = at != slow_.end() ? at->second : std::chrono::microseconds{0};
  return extra + world.random.between(delay_min, delay_max);
}

sim_links* sim_network::at(const std::string& endpoint) const {
  const auto place = nodes_.find(endpoint);
  return place != nodes_.end() ? place->second : nullptr;
}

void sim_network::deliver(const std::string& endpoint, std::function<void(sim_links&)> happen) {
  if (const auto* there = at(endpoint)) deliver(there->self(), std::move(happen));
}

void sim_network::deliver(const node_description& to, std::function<void(sim_links&)> happen) {
  auto run = [this, to, happen = std::move(happen)] {
    auto* there = at(to.endpoint);
    if (there != nullptr && there->self().id == to.id) happen(*there);
  };
  if (is_paused(to.id.name)) {
    backlog_[to.id.name].push_back(std::move(run));
  } else {
    run();
  }
}

void sim_network::run_on(const std::string& node, std::function<void()> happen) {
  if (!processes_.contains(node)) return;
  if (is_paused(node)) {
    backlog_[node].push_back(std::move(happen));
  } else {
    happen();
  }
}

void sim_network::node_died(const node_description& which) {
  processes_.erase(which.id.name);
  backlog_.erase(which.id.name);
  for (const auto& [endpoint, node] : nodes_) {
    const auto& peer = node->self();
    if (peer.id == which.id || is_cut(which.id.name, peer.id.name)) continue;
    world.events.at(delay(which.id.name, peer.id.name), [this, peer, id = which.id] {
      deliver(peer, [id](sim_links& there) { there.broke(id); });
    });
  }
}

}  // namespace troupe::simulation
