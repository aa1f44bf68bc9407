#include "apps/node_cluster.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/catalogue.hpp"
#include "apps/node_member.hpp"
#include "apps/node_placement.hpp"
#include "config/topology_members.hpp"
#include "runtime/ask.hpp"
#include "runtime/clock.hpp"
#include "runtime/errc.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {

namespace {

std::string endpoint_of(const std::string& peer) {
  return "tcp://" + peer;
}

// `latest` is the latest incarnation of this node that is known, 0 for none.
node_description describe(const config::cluster_spec& cluster, const config::node_spec& node,
                          std::uint64_t latest) {
  node_description self;
  // Later lives of a name have higher incarnations. The time has that quality without a file; where
  // it was set back, the others tell what they know, and the next life goes beyond that.
  const auto time = static_cast<std::uint64_t>(unix_seconds() * 1e6);
  self.id = {node.name, std::max(time, latest + 1)};
  self.endpoint = endpoint_of(config::link_peer(cluster, node.member));
  self.labels = node.member.labels;
  self.roles = node.member.roles;
  self.weight = node.member.weight;
  return self;
}

transport::zmq::link_options options_of(const config::cluster_spec& cluster,
                                        const config::node_spec& node,
                                        const transport::message_catalogue& kinds) {
  transport::zmq::link_options options;
  options.cluster = cluster.name;
  options.catalogue = {kinds.hash(), kinds.names()};
  // Where others use another address than we listen at, or a port the system chooses.
  const auto listen = config::format_listen(config::link_listen(cluster, node.member));
  if (listen != config::link_peer(cluster, node.member)) options.listen = endpoint_of(listen);
  options.heard_interval = std::chrono::milliseconds{20};
  return options;
}

}  // namespace

node_cluster::node_cluster(const parts& p, std::optional<transport::zmq::cluster_key> key)
    : parts_{p},
      key_{std::move(key)},
      catalogue_{actors::make_catalogue()},
      self_{std::make_shared<node_cluster*>(this)},
      lives_{std::make_shared<node_lives*>(static_cast<node_lives*>(this))} {}

node_cluster::~node_cluster() {
  *self_ = nullptr;
  *lives_ = nullptr;
}

caf::expected<std::unique_ptr<node_cluster>> node_cluster::open(const parts& p) {
  std::optional<transport::zmq::cluster_key> key;
  if (!p.all.cluster->key.empty()) {
    auto read = transport::zmq::read_cluster_key(p.all.cluster->key);
    if (!read) return std::move(read.error());
    key = std::move(*read);
  }
  std::unique_ptr<node_cluster> made{new node_cluster{p, std::move(key)}};
  if (auto error = made->open_life()) return error;
  return made;
}

child_spec node_cluster::child() const {
  return member_child(&parts_.home, lives_);
}

caf::error node_cluster::open_life() {
  auto options = options_of(*parts_.all.cluster, parts_.node, catalogue_);
  options.key = key_;
  auto made = std::make_unique<node_life>(parts_, catalogue_);
  auto error = made->open(describe(*parts_.all.cluster, parts_.node, latest_), std::move(options));
  if (error) return error;
  life_ = std::move(made);
  latest_ = life_->self().id.incarnation;
  return {};
}

caf::expected<life_actors> node_cluster::begin_life() {
  if (life_ == nullptr) {
    if (auto error = open_life()) return error;
  }
  life_->start();
  if (is_leaving_) announce_leave();
  if (follower_) tell_life();
  return life_actors{life_->membership(), life_->supervisor()};
}

const std::string& node_cluster::endpoint() const {
  return life_->self().endpoint;
}

void node_cluster::announce_leave() {
  is_leaving_ = true;
  if (is_alive()) caf::anon_send(life_->membership(), transport::announce_leave{});
}

void node_cluster::leave(std::function<void()> done) {
  if (!is_alive()) return done();
  parts_.system.spawn(
      [membership = life_->membership(), done = std::move(done)](caf::event_based_actor* self) {
        ask(
            self, membership, farewell_timeout, transport::leave_cluster{}, [done] { done(); },
            [done](const caf::error&) { done(); });
      });
}

void node_cluster::follow(const caf::actor& who) {
  parts_.home.post([self = self_, who] {
    if (*self == nullptr) return;
    (*self)->follower_ = who;
    if ((*self)->is_alive()) (*self)->tell_life();
  });
}

void node_cluster::tell_life() const {
  caf::anon_send(follower_, cluster_life{life_->self()});
  caf::anon_send(life_->membership(), transport::follow_nodes{follower_});
}

bool node_cluster::is_alive() const {
  return life_ != nullptr && life_->membership();
}

cluster_look node_cluster::look() const {
  const auto& name = parts_.all.cluster->name;
  if (!is_alive()) {
    return {name, describe(*parts_.all.cluster, parts_.node, latest_), {}, {}, is_leaving_};
  }
  return {name, life_->self(), life_->links(), life_->membership(), is_leaving_};
}

}  // namespace troupe::apps
