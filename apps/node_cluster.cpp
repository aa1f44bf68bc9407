#include "apps/node_cluster.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/catalogue.hpp"
#include "apps/node_placement.hpp"
#include "config/topology_members.hpp"
#include "runtime/ask.hpp"
#include "runtime/clock.hpp"
#include "runtime/errc.hpp"
#include "runtime/log.hpp"
#include "runtime/pinned_actor.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {

struct begin_life {};

}  // namespace troupe::apps

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::begin_life)

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds farewell_timeout{1'000};

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

// | message | what it does |
// | --- | --- |
// | begin_life | begins a life |
// | node_change | ends where the others hold this node for dead |
// | exit | says farewell, ends what the life needs, then itself |
class node_cluster::member final : public pinned<caf::event_based_actor> {
 public:
  member(caf::actor_config& cfg, io_thread* home, self_ptr cluster)
      : pinned{cfg, home}, cluster_{std::move(cluster)} {}

  const char* name() const override { return "cluster_member"; }

  void on_exit() override {
    if (*cluster_ != nullptr) (*cluster_)->life_.reset();
  }

 protected:
  caf::behavior make_behavior() override {
    set_exit_handler([this](caf::exit_msg& told) { say_farewell(std::move(told.reason)); });
    set_down_handler([this](const caf::down_msg&) { life_ended(); });
    send(this, begin_life{});
    return {[this](begin_life) { begin(); },
            [this](const transport::node_change& change) {
              if (change.what == membership_event::kind::fenced) fenced(change.node.id);
            }};
  }

 private:
  void begin() {
    if (*cluster_ == nullptr) return quit();
    if (auto error = (*cluster_)->start_life()) {
      log::error("cannot join the cluster", {{"why", failure_text(error)}});
      return quit(std::move(error));
    }
    const auto& life = *(*cluster_)->life_;
    send(life.membership(), transport::follow_nodes{this});
    actors_ = caf::actor_cast<caf::actor>(life.supervisor());
    membership_ = life.membership();
    monitor(actors_);
  }

  void fenced(const node_id& known) {
    if (*cluster_ != nullptr) (*cluster_)->latest_ = known.incarnation;
    log::warn("the others hold this node for dead: it joins them anew");
    quit(make_failure(errc::connection_lost, "this incarnation is held for dead"));
  }

  void life_ended() {
    if (reason_) return quit(*reason_);
    quit(make_failure(errc::process_died, "membership has ended"));
  }

  void say_farewell(caf::error reason) {
    if (std::exchange(reason_, std::move(reason))) return;
    if (!actors_) return quit(*reason_);
    const auto end = [this] { send_exit(actors_, caf::exit_reason::user_shutdown); };
    ask(this, membership_, farewell_timeout, transport::leave_cluster{}, end,
        [end](const caf::error&) { end(); });
  }

  self_ptr cluster_;
  caf::actor membership_, actors_;
  std::optional<caf::error> reason_;  // why it was told to end
};

node_cluster::node_cluster(const parts& p, std::optional<transport::zmq::cluster_key> key)
    : parts_{p},
      key_{std::move(key)},
      catalogue_{actors::make_catalogue()},
      self_{std::make_shared<node_cluster*>(this)} {}

node_cluster::~node_cluster() {
  *self_ = nullptr;
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
  child_spec child{.name = "cluster/member"};
  child.start = [self = self_,
                 home = &parts_.home](caf::actor_system& system) -> caf::expected<caf::actor> {
    return spawn_pinned<member>(system, home, self);
  };
  return child;
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

caf::error node_cluster::start_life() {
  if (life_ == nullptr) {
    if (auto error = open_life()) return error;
  }
  life_->start();
  if (is_leaving_) announce_leave();
  if (follower_) tell_life();
  return {};
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
