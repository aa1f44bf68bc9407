#include "apps/node_cluster.hpp"

#include <cstdint>
#include <random>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/catalogue.hpp"
#include "actors/router_finder.hpp"
#include "apps/node_placement.hpp"
#include "apps/node_seeds.hpp"
#include "config/topology_members.hpp"
#include "runtime/ask.hpp"
#include "runtime/clock.hpp"
#include "runtime/errc.hpp"
#include "runtime/log.hpp"
#include "transport/links/links_gate.hpp"
#include "transport/links/membership_actor.hpp"
#include "transport/zmq/node_links.hpp"

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds members_timeout{2'000};

std::string endpoint_of(const std::string& peer) {
  return "tcp://" + peer;
}

node_description describe(const config::cluster_spec& cluster, const config::node_spec& node) {
  node_description self;
  // Later lives of a name have higher incarnations; the time has that quality without a file.
  self.id = {node.name, static_cast<std::uint64_t>(unix_seconds() * 1e6)};
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

}  // namespace

// One incarnation.
class node_cluster::life final : public transport::link_listener {
 public:
  life(parts& p, const transport::message_catalogue& kinds)
      : metrics_{p.metrics}, remote_{transport::remote_actors::make({p.system, kinds, p.names})} {}

  ~life() override {
    metrics_.end();
    for (const auto& each : {seeds_, watch_, finder_, fence_, membership_}) {
      if (each) caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    }
    remote_->close();
    if (gate_ != nullptr) gate_->close();  // those actors may still be running elsewhere
    links_.reset();
  }

  caf::error begin(parts& p, node_description self, transport::zmq::link_options options,
                   std::function<void()> fenced) {
    const auto& cluster = *p.all.cluster;
    auto opened =
        transport::zmq::node_links::open(p.home, std::move(self), std::move(options), *this);
    if (!opened) return std::move(opened.error());
    links_ = std::move(*opened);
    gate_ = std::make_shared<transport::links_gate>(*links_);
    remote_->attach(gate_);
    membership_ = transport::spawn_membership(
        p.system, gate_, {std::random_device{}(), config::options_of(cluster.membership)});
    finder_ = actors::spawn_router_finder(
        p.system, {&p.names, [remote = std::weak_ptr{remote_}](const node_description& node) {
                     const auto there = remote.lock();
                     return there != nullptr ? there->node_server(node) : nullptr;
                   }});
    fence_ = p.system.spawn([fenced = std::move(fenced)]() -> caf::behavior {
      return {[fenced](const transport::node_change& change) {
        if (change.what == membership_event::kind::fenced) fenced();
      }};
    });
    watch_ = spawn_member_watch(p.system, membership_, metrics_);
    metrics_.begin(*links_, *remote_);
    for (const auto& each : {finder_, fence_, watch_}) {
      caf::anon_send(membership_, transport::follow_nodes{each});
    }
    seeds_ = spawn_seed_finder(p.system, p.all, membership_);
    return {};
  }

  transport::zmq::node_links& carrier() { return *links_; }
  const caf::actor& membership() const { return membership_; }
  // Empty where it could not begin.
  std::vector<transport::link_status> links() const {
    return links_ != nullptr ? links_->status() : std::vector<transport::link_status>{};
  }

  // ---- link_listener: actors' records go one way, what membership wants to know the other ----

  void linked(const transport::peer_link_ptr& peer) override { remote_->linked(peer); }
  void received(const transport::peer_link_ptr& peer, transport::lane where,
                std::string_view record, std::span<const shared_bytes> blobs) override {
    remote_->received(peer, where, record, blobs);
  }
  void gap(const transport::peer_link_ptr& peer, transport::lane where) override {
    remote_->gap(peer, where);
  }
  void ended(const transport::peer_link_ptr& peer, const caf::error& reason) override {
    remote_->ended(peer, reason);
  }
  void heard(const transport::peer_link_ptr& peer) override {
    sign(peer, transport::link_sign_kind::heard);
  }
  void connected(const transport::peer_link_ptr& peer) override {
    sign(peer, transport::link_sign_kind::connected);
  }
  void disconnected(const transport::peer_link_ptr& peer) override {
    sign(peer, transport::link_sign_kind::disconnected);
  }
  void letter(std::string_view bytes) override {
    if (membership_) caf::anon_send(membership_, transport::letter_came{std::string{bytes}});
  }

 private:
  void sign(const transport::peer_link_ptr& peer, transport::link_sign_kind what) {
    if (membership_) caf::anon_send(membership_, transport::link_sign{peer->node().id, what});
  }

  cluster_metrics& metrics_;
  std::shared_ptr<transport::remote_actors> remote_;
  std::unique_ptr<transport::zmq::node_links> links_;
  std::shared_ptr<transport::links_gate> gate_;
  caf::actor membership_, finder_, fence_, watch_, seeds_;
};

node_cluster::node_cluster(parts p, std::optional<transport::zmq::cluster_key> key)
    : parts_{p},
      key_{std::move(key)},
      catalogue_{actors::make_catalogue()},
      self_{std::make_shared<node_cluster*>(this)} {}

node_cluster::~node_cluster() {
  *self_ = nullptr;
}

caf::expected<std::unique_ptr<node_cluster>> node_cluster::open(parts p) {
  std::optional<transport::zmq::cluster_key> key;
  if (!p.all.cluster->key.empty()) {
    auto read = transport::zmq::read_cluster_key(p.all.cluster->key);
    if (!read) return std::move(read.error());
    key = std::move(*read);
  }
  std::unique_ptr<node_cluster> made{new node_cluster{p, std::move(key)}};
  if (auto error = made->begin()) return error;
  return made;
}

caf::error node_cluster::begin() {
  auto options = options_of(*parts_.all.cluster, parts_.node, catalogue_);
  options.key = key_;
  life_ = std::make_unique<life>(parts_, catalogue_);
  // Called by an actor, in the middle of what is to end: so later.
  auto fenced = [&home = parts_.home, self = self_] {
    home.post([self] {
      if (*self != nullptr) (*self)->begin_again();
    });
  };
  return life_->begin(parts_, describe(*parts_.all.cluster, parts_.node), std::move(options),
                      std::move(fenced));
}

void node_cluster::begin_again() {
  log::warn("the others hold this node for dead: it joins them anew");
  life_.reset();
  if (auto error = begin()) {
    log::error("cannot join the cluster again", {{"why", failure_text(error)}});
    return;
  }
  if (is_leaving_) announce_leave();
  for (const auto& each : followers_) tell_life(each);
}

const std::string& node_cluster::endpoint() const {
  return life_->carrier().self().endpoint;
}

void node_cluster::announce_leave() {
  is_leaving_ = true;
  caf::anon_send(life_->membership(), transport::announce_leave{});
}

void node_cluster::leave(std::function<void()> done) {
  parts_.system.spawn(
      [membership = life_->membership(), done = std::move(done)](caf::event_based_actor* self) {
        ask(
            self, membership, members_timeout, transport::leave_cluster{}, [done] { done(); },
            [done](const caf::error&) { done(); });
      });
}

void node_cluster::follow(const caf::actor& who) {
  followers_.push_back(who);
  tell_life(who);
}

void node_cluster::tell_life(const caf::actor& who) const {
  caf::anon_send(who, cluster_life{life_->carrier().self()});
  caf::anon_send(life_->membership(), transport::follow_nodes{who});
}

cluster_look node_cluster::look() const {
  auto self =
      life_->membership() ? life_->carrier().self() : describe(*parts_.all.cluster, parts_.node);
  return {parts_.all.cluster->name, std::move(self), life_->links(), life_->membership(),
          is_leaving_};
}

}  // namespace troupe::apps
