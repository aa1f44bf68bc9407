// Names of the actors of a node: who is "router" now. Supervisors publish, everybody looks up.
//
// Thread: any. Lifetime: outlives the actor_system.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

namespace troupe {

class registry {
 public:
  // Publishes an actor under a name, replacing whom it named before.
  void put(std::string_view name, caf::strong_actor_ptr actor);
  template <class Handle>
  void put(std::string_view name, const Handle& handle) {
    put(name, caf::actor_cast<caf::strong_actor_ptr>(handle));
  }

  // Withdraws a name.
  void erase(std::string_view name);

  // Withdraws a name if it still names that actor.
  void erase(std::string_view name, const caf::strong_actor_ptr& actor);

  // Returns the actor of a name, null where there is none.
  caf::strong_actor_ptr find(std::string_view name) const;

  // Returns it as a handle of the given type, which is the caller's to know.
  template <class Handle>
  Handle find_as(std::string_view name) const {
    return caf::actor_cast<Handle>(find(name));
  }

  std::vector<std::string> names() const;

  // Grows with each change.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, caf::strong_actor_ptr, std::less<>> actors_;
  std::atomic<std::uint64_t> version_{1};
};

// A looked-up handle that follows restarts: a lookup only where the registry has changed.
//
// Thread: one at a time.
template <class Handle>
class cached_handle {
 public:
  cached_handle(const registry& names, std::string name) : names_{&names}, name_{std::move(name)} {}

  // Returns the current handle, null where nobody has the name.
  const Handle& get() {
    const auto version = names_->version();
    if (version != seen_) {
      handle_ = names_->find_as<Handle>(name_);
      seen_ = version;
    }
    return handle_;
  }

  // Drops the handle, to break a cycle; get() looks it up again.
  void reset() {
    handle_ = Handle{};
    seen_ = 0;
  }

 private:
  const registry* names_;
  std::string name_;
  Handle handle_;
  std::uint64_t seen_ = 0;
};

}  // namespace troupe
