#include "transport/links/remote_node.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>

#include "runtime/digest.hpp"
#include "transport/links/actor_record.hpp"
#include "transport/links/remote_actor.hpp"
#include "transport/links/remote_actors.hpp"

namespace troupe::transport {

namespace {

// A name of CAF's for a node; only has to differ from those of others.
caf::node_id id_of(const node_id& node) {
  const auto digest = sha256(node.name + '/' + std::to_string(node.incarnation));
  caf::node_id::default_data::host_id_type host{};
  std::copy_n(digest.begin(), host.size(), host.begin());
  return caf::make_node_id(1, host);
}

}  // namespace

remote_node::remote_node(std::shared_ptr<remote_actors> owner, peer_link_ptr link)
    : owner_{std::move(owner)}, link_{std::move(link)}, node_{id_of(link_->node().id)} {}

remote_node::~remote_node() = default;

caf::strong_actor_ptr remote_node::actor(caf::actor_id id) {
  caf::strong_actor_ptr found, let_go;  // the second ends outside of the lock
  std::lock_guard lock{mutex_};
  if (closed_) return nullptr;
  auto& recent = recent_[id % recent_max];
  if (recent != nullptr && recent->id() == id) return recent;
  auto& place = actors_[id];
  found = caf::actor_cast<caf::strong_actor_ptr>(place);
  if (found == nullptr) {
    caf::actor_config config;
    found = caf::make_actor<remote_actor, caf::strong_actor_ptr>(id, node_, &owner_->system(),
                                                                 config, shared_from_this());
    place = caf::actor_cast<caf::weak_actor_ptr>(found);
  }
  let_go = std::exchange(recent, found);
  return found;
}

void remote_node::send(caf::actor_id to, caf::mailbox_element& what, caf::execution_unit* unit) {
  owner_->send(*this, to, what, unit);
}

void remote_node::watch(const caf::strong_actor_ptr& actor) {
  {
    std::lock_guard lock{mutex_};
    if (closed_ || !watched_.emplace(actor->id(), actor).second) return;
  }
  ask_to_watch(actor->id(), true);
}

void remote_node::unwatch(caf::actor_id id) {
  caf::strong_actor_ptr let_go;
  {
    std::lock_guard lock{mutex_};
    const auto place = watched_.find(id);
    if (place == watched_.end()) return;
    let_go = std::move(place->second);
    watched_.erase(place);
  }
  ask_to_watch(id, false);
}

void remote_node::ask_to_watch(caf::actor_id id, bool on) {
  owner_->send_record(*this, lane::control, on ? record_kind::watch : record_kind::unwatch, id);
}

void remote_node::tell_link(caf::actor_id id, const caf::strong_actor_ptr& other, bool linked) {
  owner_->tell_link_later(shared_from_this(), id, other, linked);
}

void remote_node::forget(caf::actor_id id, const caf::actor_control_block* which) {
  std::lock_guard lock{mutex_};
  const auto place = actors_.find(id);
  if (place != actors_.end() && place->second.get() == which) actors_.erase(place);
}

void remote_node::actor_ended(caf::actor_id id, const caf::error& reason) {
  caf::strong_actor_ptr gone, watched, recent;
  {
    std::lock_guard lock{mutex_};
    if (const auto place = actors_.find(id); place != actors_.end()) {
      gone = caf::actor_cast<caf::strong_actor_ptr>(place->second);
      actors_.erase(place);
    }
    if (const auto place = watched_.find(id); place != watched_.end()) {
      watched = std::move(place->second);
      watched_.erase(place);
    }
    auto& cached = recent_[id % recent_max];
    if (cached != nullptr && cached->id() == id) recent = std::exchange(cached, nullptr);
  }
  if (auto* stand_in = remote_actor::of(gone)) stand_in->kill_proxy(nullptr, reason);
}

void remote_node::watch_again() {
  std::vector<caf::actor_id> ids;
  {
    std::lock_guard lock{mutex_};
    for (const auto& [id, actor] : watched_) ids.push_back(id);
  }
  for (const auto id : ids) ask_to_watch(id, true);
}

void remote_node::close(const caf::error& reason) {
  std::vector<caf::strong_actor_ptr> gone;
  decltype(watched_) watched;
  decltype(recent_) recent;
  {
    std::lock_guard lock{mutex_};
    closed_ = true;
    for (const auto& [id, actor] : actors_) {
      if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(actor)) {
        gone.push_back(std::move(strong));
      }
    }
    actors_.clear();
    watched_.swap(watched);
    recent_.swap(recent);
  }
  for (const auto& each : gone) {
    if (auto* stand_in = remote_actor::of(each)) stand_in->kill_proxy(nullptr, reason);
  }
}

}  // namespace troupe::transport
