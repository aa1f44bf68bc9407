#include "runtime/registry.hpp"

namespace troupe {

void registry::put(std::string_view name, caf::strong_actor_ptr actor) {
  caf::strong_actor_ptr old;  // released when the lock is not held
  std::lock_guard lock{mutex_};
  auto& entry = actors_[std::string{name}];
  old.swap(entry);
  entry = std::move(actor);
  version_.fetch_add(1, std::memory_order_release);
}

void registry::erase(std::string_view name) {
  caf::strong_actor_ptr old;
  std::lock_guard lock{mutex_};
  const auto found = actors_.find(name);
  if (found == actors_.end()) return;
  old = std::move(found->second);
  actors_.erase(found);
  version_.fetch_add(1, std::memory_order_release);
}

void registry::erase(std::string_view name, const caf::strong_actor_ptr& actor) {
  std::lock_guard lock{mutex_};
  const auto found = actors_.find(name);
  if (found == actors_.end() || found->second != actor) return;
  actors_.erase(found);  // the caller keeps the actor
  version_.fetch_add(1, std::memory_order_release);
}

caf::strong_actor_ptr registry::find(std::string_view name) const {
  std::lock_guard lock{mutex_};
  const auto found = actors_.find(name);
  return found != actors_.end() ? found->second : nullptr;
}

std::vector<std::string> registry::names() const {
  std::lock_guard lock{mutex_};
  std::vector<std::string> all;
  all.reserve(actors_.size());
  for (const auto& [name, actor] : actors_) all.push_back(name);
  return all;
}

}  // namespace troupe
