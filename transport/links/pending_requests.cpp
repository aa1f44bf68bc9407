#include "transport/links/pending_requests.hpp"

#include <utility>

namespace troupe::transport {

pending_requests::key pending_requests::key_of(const caf::strong_actor_ptr& asker,
                                               caf::message_id id) {
  return {asker.get(), id.request_id().integer_value()};
}

void pending_requests::add(const caf::strong_actor_ptr& asker, caf::message_id id,
                           const void* peer) {
  const auto k = key_of(asker, id);
  std::vector<map::node_type> let_go;  // outside of the lock: with the last handle an actor ends
  std::lock_guard lock{mutex_};
  if (requests_.insert_or_assign(k, pending_request{asker, id, peer}).second) order_.push_back(k);
  let_go = forget_stale();
}

// Answered requests leave the queue when they get to its front; if one that waits long holds many
// of them back, all are dropped at once.
std::vector<pending_requests::map::node_type> pending_requests::forget_stale() {
  std::vector<map::node_type> forgotten;
  while (!order_.empty() &&
         (requests_.size() > pending_max_ || !requests_.contains(order_.front()))) {
    if (auto one = requests_.extract(order_.front())) forgotten.push_back(std::move(one));
    order_.pop_front();
  }
  if (order_.size() <= 2 * requests_.size() + 1'024) return forgotten;
  std::erase_if(order_, [this](const key& k) { return !requests_.contains(k); });
  return forgotten;
}

void pending_requests::answered(const caf::strong_actor_ptr& asker, caf::message_id id) {
  map::node_type let_go;
  std::lock_guard lock{mutex_};
  let_go = requests_.extract(key_of(asker, id));
}

std::vector<pending_request> pending_requests::take(const void* peer) {
  std::vector<pending_request> taken;
  std::lock_guard lock{mutex_};
  for (const auto& k : order_) {
    const auto at = requests_.find(k);
    if (at == requests_.end() || at->second.peer != peer) continue;
    taken.push_back(std::move(at->second));
    requests_.erase(at);
  }
  return taken;
}

std::size_t pending_requests::size() const {
  std::lock_guard lock{mutex_};
  return requests_.size();
}

std::size_t pending_requests::remembered() const {
  std::lock_guard lock{mutex_};
  return order_.size();
}

}  // namespace troupe::transport
