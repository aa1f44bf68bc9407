// Actors of this node whose handles other nodes have seen, and the peers that watch each.
//
// Handles travel as numbers, and CAF keeps no table of its actors by number. An actor is held
// weakly: that a peer knows its number does not keep it alive.
//
// Thread: any. Bounds: an entry lives no longer than its actor; one watcher a peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include "transport/links/links.hpp"

namespace troupe::transport {

class exported_actors : public std::enable_shared_from_this<exported_actors> {
 public:
  // Told to each watcher of an actor that has ended, on the thread it ended on.
  using told = void (*)(peer_link& watcher, caf::actor_id actor, const caf::error& reason);
  explicit exported_actors(told tell);

  // Notes an actor, so that find() knows its number from now on.
  void add(const caf::strong_actor_ptr& actor);

  // Returns the actor of a number, null where it has ended or was never added.
  caf::strong_actor_ptr find(caf::actor_id id) const;

  // Tells `watcher` once when the actor ends; false where it has ended.
  bool watch(caf::actor_id id, const peer_link_ptr& watcher);

  void unwatch(caf::actor_id id, const peer_link_ptr& watcher);

  // Tells a watcher of an end that came before it watched.
  void tell(const peer_link_ptr& watcher, caf::actor_id id, const caf::error& reason) const {
    tell_(*watcher, id, reason);
  }

  // Forgets a watcher that is gone.
  void forget(const peer_link_ptr& watcher);

  std::size_t size() const;

 private:
  struct entry {
    caf::weak_actor_ptr actor;
    std::vector<peer_link_ptr> watchers;
  };

  void ended(caf::actor_id id, const caf::error& reason);

  const told tell_;
  const std::uint64_t number_;  // of this table, from 1; no other has it
  mutable std::mutex mutex_;
  std::unordered_map<caf::actor_id, entry> entries_;
};

}  // namespace troupe::transport
