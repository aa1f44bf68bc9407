#include "tests/simulation/cluster/sim_life.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "apps/node_member.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::simulation {

using transport::link_sign_kind;

namespace {

std::string text(const node_id& id) {
  return id.name + "/" + std::to_string(id.incarnation);
}

const char* word(membership_event::kind what) {
  using kind = membership_event::kind;
  switch (what) {
    case kind::up:
      return "up";
    case kind::suspect:
      return "suspect";
    case kind::alive:
      return "alive";
    case kind::down:
      return "down";
    case kind::left:
      return "left";
    case kind::leaving:
      return "leaving";
    case kind::fenced:
      break;
  }
  return "fenced";
}

// Notes what membership says, and judges it.
caf::actor spawn_watcher(caf::actor_system& system, sim_network& network, const node_id& self,
                         const std::shared_ptr<std::set<node_id>>& over) {
  return system.spawn([&network, self, over]() -> caf::behavior {
    return {[&network, self, over](const transport::node_change& change) {
      using kind = membership_event::kind;
      network.world.note(text(self) + ": " + text(change.node.id) + " is " + word(change.what));
      if (change.what == kind::down || change.what == kind::left) over->insert(change.node.id);
      if (change.what == kind::up && over->contains(change.node.id)) {
        network.world.broken(text(change.node.id) + " is back at " + text(self));
      }
      const bool is_dead = change.what == kind::down || change.what == kind::fenced;
      if (is_dead) network.on_verdict(change.node.id, self);
    }};
  });
}

}  // namespace

sim_life::sim_life(parts p, node_description self, const std::vector<std::string>& seeds)
    : parts_{p}, remote_{transport::remote_actors::make({p.system, p.catalogue, p.names})} {
  links_ = std::make_unique<sim_links>(p.network, std::move(self), *this);
  gate_ = std::make_shared<transport::links_gate>(*links_);
  remote_->attach(gate_);
  membership_ = transport::spawn_membership(
      p.system, gate_, {p.network.world.random.number(), {}, p.without.membership});
  supervisor_ = spawn_supervisor(p.system, tree());
  caf::anon_send(membership_, transport::join_cluster{seeds});
}

supervisor_spec sim_life::tree() {
  supervisor_spec tree;
  tree.name = "cluster/actors";
  tree.names = &parts_.names;
  tree.jitter_seed = parts_.network.world.random.number();
  tree.policy.shutdown_when = auto_shutdown::any_significant;
  tree.children.push_back(apps::membership_child(membership_));
  if (!parts_.without.deaf_to_routers) {
    tree.children.push_back(apps::finder_child(membership_, parts_.names, remote_));
  }
  tree.children.push_back(apps::follower_child(
      "cluster/watch", membership_,
      [&network = parts_.network, id = self().id, over = over_](caf::actor_system& system) {
        return spawn_watcher(system, network, id, over);
      }));
  return tree;
}

sim_life::~sim_life() {
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  remote_->close();
  gate_->close();
  links_.reset();
}

void sim_life::note(const transport::peer_link_ptr& peer, const std::string& what) {
  const auto& id = peer->node().id;
  auto& world = parts_.network.world;
  world.note(text(self().id) + " <- " + text(id) + " " + what);
  if (over_->contains(id)) world.broken(text(id) + ", which has ended, reaches " + text(self().id));
}

void sim_life::linked(const transport::peer_link_ptr& peer) {
  note(peer, "linked");
  remote_->linked(peer);
}

void sim_life::received(const transport::peer_link_ptr& peer, transport::lane where,
                        std::string_view record, std::span<const shared_bytes> blobs) {
  note(peer, (where == transport::lane::data ? "data " : "control ") + std::string{record});
  const auto pending = counts().pending;
  remote_->received(peer, where, record, blobs);
  // What comes there answers nothing: the peer says that it has missed something.
  if (where == transport::lane::control) count_failed(pending);
}

void sim_life::count_failed(std::uint64_t pending_before) {
  parts_.network.asks_failed += pending_before - std::min(pending_before, counts().pending);
}

void sim_life::gap(const transport::peer_link_ptr& peer, transport::lane where) {
  note(peer, "gap");
  if (parts_.without.gaps_untold) return;
  const auto pending = counts().pending;
  remote_->gap(peer, where);
  count_failed(pending);
}

void sim_life::ended(const transport::peer_link_ptr& peer, const caf::error& reason) {
  parts_.network.world.note(text(self().id) + " <- " + text(peer->node().id) + " ended");
  remote_->ended(peer, reason);
}

void sim_life::heard(const transport::peer_link_ptr& peer) {
  sign(peer, static_cast<int>(link_sign_kind::heard));
}

void sim_life::connected(const transport::peer_link_ptr& peer) {
  note(peer, "connected");
  sign(peer, static_cast<int>(link_sign_kind::connected));
}

void sim_life::disconnected(const transport::peer_link_ptr& peer) {
  note(peer, "disconnected");
  sign(peer, static_cast<int>(link_sign_kind::disconnected));
}

void sim_life::letter(std::string_view bytes) {
  caf::anon_send(membership_, transport::letter_came{std::string{bytes}});
}

void sim_life::sign(const transport::peer_link_ptr& peer, int what) {
  caf::anon_send(membership_,
                 transport::link_sign{peer->node().id, static_cast<link_sign_kind>(what)});
}

}  // namespace troupe::simulation
