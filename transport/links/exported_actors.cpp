#include "transport/links/exported_actors.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>

namespace troupe::transport {

namespace {

std::uint64_t next_table() {
  static std::atomic<std::uint64_t> count{0};
  return ++count;
}

// Which actors this thread has added lately, and to which table: whoever sends often is added with
// each message. Numbers of actors are never used again.
struct recently_added {
  std::uint64_t table = 0;
  caf::actor_id actor = 0;
};
constexpr std::size_t recently_added_max = 64;
thread_local std::array<recently_added, recently_added_max> recent;

}  // namespace

exported_actors::exported_actors(told tell) : tell_{tell}, number_{next_table()} {}

void exported_actors::add(const caf::strong_actor_ptr& actor) {
  const auto id = actor->id();
  auto& last = recent[id % recently_added_max];
  if (last.table == number_ && last.actor == id) return;
  last = {number_, id};
  {
    std::lock_guard lock{mutex_};
    const auto [place, fresh] = entries_.try_emplace(id);
    if (!fresh) return;
    place->second.actor = caf::actor_cast<caf::weak_actor_ptr>(actor);
  }
  // Outside the lock: an actor that has ended calls back at once.
  actor->get()->attach_functor([self = weak_from_this(), id](const caf::error& reason) {
    if (const auto table = self.lock()) table->ended(id, reason);
  });
}

caf::strong_actor_ptr exported_actors::find(caf::actor_id id) const {
  std::lock_guard lock{mutex_};
  const auto place = entries_.find(id);
  if (place == entries_.end()) return nullptr;
  return caf::actor_cast<caf::strong_actor_ptr>(place->second.actor);
}

bool exported_actors::watch(caf::actor_id id, const peer_link_ptr& watcher) {
  std::lock_guard lock{mutex_};
  const auto place = entries_.find(id);
  if (place == entries_.end()) return false;
  auto& watchers = place->second.watchers;
  if (std::find(watchers.begin(), watchers.end(), watcher) == watchers.end()) {
    watchers.push_back(watcher);
  }
  return true;
}

void exported_actors::unwatch(caf::actor_id id, const peer_link_ptr& watcher) {
  std::lock_guard lock{mutex_};
  const auto place = entries_.find(id);
  if (place != entries_.end()) std::erase(place->second.watchers, watcher);
}

void exported_actors::forget(const peer_link_ptr& watcher) {
  std::lock_guard lock{mutex_};
  for (auto& [id, entry] : entries_) std::erase(entry.watchers, watcher);
}

std::size_t exported_actors::size() const {
  std::lock_guard lock{mutex_};
  return entries_.size();
}

void exported_actors::ended(caf::actor_id id, const caf::error& reason) {
  std::vector<peer_link_ptr> watchers;
  {
    std::lock_guard lock{mutex_};
    const auto place = entries_.find(id);
    if (place == entries_.end()) return;
    watchers.swap(place->second.watchers);
    entries_.erase(place);
  }
  for (const auto& each : watchers) tell_(*each, id, reason);
}

}  // namespace troupe::transport
