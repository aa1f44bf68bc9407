#include "apps/node_life.hpp"

#include <random>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "apps/node_member.hpp"
#include "apps/node_seeds.hpp"
#include "config/topology_members.hpp"
#include "runtime/ask.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {

namespace {

using transport::link_sign_kind;

constexpr std::chrono::milliseconds members_timeout{2'000};

// Keeps what the metrics say of members: asked for at each change, so that no scrape has to wait.
caf::actor spawn_member_watch(caf::actor_system& system, const caf::actor& membership,
                              cluster_metrics& metrics) {
  return system.spawn([membership, &metrics](caf::event_based_actor* self) -> caf::behavior {
    return {[=, &metrics](const transport::node_change&) {
      ask(
          self, membership, members_timeout, transport::get_members{},
          [&metrics](const transport::member_status& known) { metrics.know(known.members); },
          [](const caf::error&) {});
    }};
  });
}

void sign(const caf::actor& membership, const transport::peer_link_ptr& peer, link_sign_kind what) {
  if (membership) caf::anon_send(membership, transport::link_sign{peer->node().id, what});
}

}  // namespace

node_life::node_life(const parts& p, const transport::message_catalogue& kinds)
    : parts_{p}, remote_{transport::remote_actors::make({p.system, kinds, p.names})} {}

node_life::~node_life() {
  parts_.metrics.end();
  if (supervisor_) caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  remote_->close();
  if (gate_ != nullptr) gate_->close();  // those actors may still be running elsewhere
  links_.reset();
}

caf::error node_life::open(node_description self, transport::zmq::link_options options) {
  auto opened =
      transport::zmq::node_links::open(parts_.home, std::move(self), std::move(options), *this);
  if (!opened) return std::move(opened.error());
  links_ = std::move(*opened);
  gate_ = std::make_shared<transport::links_gate>(*links_);
  remote_->attach(gate_);
  return {};
}

void node_life::start() {
  const auto times = config::options_of(parts_.all.cluster->membership);
  membership_ = transport::spawn_membership(parts_.system, gate_, {std::random_device{}(), times});
  parts_.metrics.begin(*links_, *remote_);
  supervisor_ = spawn_supervisor(parts_.system, tree());
}

supervisor_spec node_life::tree() const {
  supervisor_spec tree;
  tree.name = "cluster/actors";
  tree.names = &parts_.names;
  tree.on_restart = parts_.on_restart;
  tree.policy.shutdown_when = auto_shutdown::any_significant;
  tree.children.push_back(membership_child(membership_));
  tree.children.push_back(finder_child(membership_, parts_.names, remote_));
  tree.children.push_back(follower_child(
      "cluster/watch", membership_,
      [membership = membership_, metrics = &parts_.metrics](caf::actor_system& system) {
        return spawn_member_watch(system, membership, *metrics);
      }));
  child_spec seeds{.name = "cluster/seeds"};
  seeds.start = [membership = membership_,
                 all = &parts_.all](caf::actor_system& system) -> caf::expected<caf::actor> {
    return spawn_seed_finder(system, *all, membership);
  };
  tree.children.push_back(std::move(seeds));
  return tree;
}

void node_life::heard(const transport::peer_link_ptr& peer) {
  sign(membership_, peer, link_sign_kind::heard);
}

void node_life::connected(const transport::peer_link_ptr& peer) {
  sign(membership_, peer, link_sign_kind::connected);
}

void node_life::disconnected(const transport::peer_link_ptr& peer) {
  sign(membership_, peer, link_sign_kind::disconnected);
}

void node_life::letter(std::string_view bytes) {
  if (membership_) caf::anon_send(membership_, transport::letter_came{std::string{bytes}});
}

}  // namespace troupe::apps
