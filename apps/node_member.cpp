#include "apps/node_member.hpp"

#include <optional>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/router_finder.hpp"
#include "runtime/ask.hpp"
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

using lives_ptr = std::shared_ptr<node_lives*>;

class member final : public pinned<caf::event_based_actor> {
 public:
  member(caf::actor_config& cfg, io_thread* home, lives_ptr lives)
      : pinned{cfg, home}, lives_{std::move(lives)} {}

  const char* name() const override { return "cluster_member"; }

  void on_exit() override {
    if (*lives_ != nullptr) (*lives_)->end_life();
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
    if (*lives_ == nullptr) return quit();
    auto life = (*lives_)->begin_life();
    if (!life) {
      log::error("cannot join the cluster", {{"why", failure_text(life.error())}});
      return quit(std::move(life.error()));
    }
    send(life->membership, transport::follow_nodes{this});
    actors_ = caf::actor_cast<caf::actor>(life->supervisor);
    membership_ = life->membership;
    monitor(actors_);
  }

  void fenced(const node_id& known) {
    if (*lives_ != nullptr) (*lives_)->outlived(known.incarnation);
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

  lives_ptr lives_;
  caf::actor membership_, actors_;
  std::optional<caf::error> reason_;  // why it was told to end
};

}  // namespace

child_spec member_child(io_thread* home, const lives_ptr& lives) {
  child_spec child{.name = "cluster/member"};
  child.start = [lives, home](caf::actor_system& system) -> caf::expected<caf::actor> {
    return spawn_pinned<member>(system, home, lives);
  };
  return child;
}

// What it knows is known of this incarnation only: another one begins where it ends.
child_spec membership_child(const caf::actor& membership) {
  child_spec child{.name = "cluster/membership", .kind = restart_kind::temporary};
  child.significant = true;
  child.start = [membership](caf::actor_system&) -> caf::expected<caf::actor> {
    return membership;
  };
  return child;
}

child_spec follower_child(const std::string& name, const caf::actor& membership,
                          std::function<caf::actor(caf::actor_system&)> spawn) {
  child_spec child{.name = name};
  child.start = [membership,
                 spawn = std::move(spawn)](caf::actor_system& system) -> caf::expected<caf::actor> {
    auto actor = spawn(system);
    caf::anon_send(membership, transport::follow_nodes{actor});
    return actor;
  };
  return child;
}

child_spec finder_child(const caf::actor& membership, registry& names,
                        const std::shared_ptr<transport::remote_actors>& remote) {
  return follower_child(
      "cluster/finder", membership,
      [names = &names, remote = std::weak_ptr{remote}](caf::actor_system& system) {
        return actors::spawn_router_finder(
            system, {names, [remote](const node_description& node) {
                       const auto there = remote.lock();
                       return there != nullptr ? there->node_server(node) : nullptr;
                     }});
      });
}

}  // namespace troupe::apps
