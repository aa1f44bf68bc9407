#include "transport/zmq/link_table.hpp"

#include <algorithm>

namespace troupe::transport::zmq {

link_table::found link_table::reach(const node_id& node, const maker& make) {
  std::lock_guard lock{mutex_};
  const auto fenced = ended_.find(node.name);
  if (fenced != ended_.end() && node.incarnation <= fenced->second) return {};
  const auto old = links_.find(node.name);
  if (old != links_.end()) {
    const auto& known = old->second->node().id;
    if (known.incarnation == node.incarnation) return {.link = old->second};
    if (known.incarnation > node.incarnation) return {};
  } else if (links_.size() >= peers_max_) {
    return {.why_not = refusal_reason::too_many};
  }
  auto made = make();
  if (!made) return {.why_not = refusal_reason::endpoint};
  found result{.link = *made, .is_new = true};
  if (old != links_.end()) {
    result.replaced = old->second;
    result.replaced->mark_ended();
    fence(result.replaced->node().id);
  }
  links_[node.name] = *made;
  opened_.insert(*made);
  return result;
}

zmq_link_ptr link_table::end(const node_id& node) {
  std::lock_guard lock{mutex_};
  fence(node);
  const auto at = links_.find(node.name);
  if (at == links_.end() || at->second->node().id.incarnation > node.incarnation) return nullptr;
  auto link = at->second;
  links_.erase(at);
  link->mark_ended();
  return link;
}

void link_table::fence(const node_id& node) {
  auto& highest = ended_[node.name];
  highest = std::max(highest, node.incarnation);
  if (ended_.size() <= fences_max) return;
  // Any name but that one: names differ in nothing that would say which is of use.
  const auto first = ended_.begin();
  ended_.erase(first->first == node.name ? std::next(first) : first);
}

zmq_link_ptr link_table::at(const std::string& endpoint) const {
  std::lock_guard lock{mutex_};
  const auto found = std::ranges::find_if(
      links_, [&](const auto& one) { return one.second->node().endpoint == endpoint; });
  return found == links_.end() ? nullptr : found->second;
}

std::vector<zmq_link_ptr> link_table::all() const {
  std::lock_guard lock{mutex_};
  std::vector<zmq_link_ptr> result;
  for (const auto& [name, link] : links_) result.push_back(link);
  return result;
}

zmq_link_ptr link_table::find(const node_id& node) const {
  std::lock_guard lock{mutex_};
  const auto at = links_.find(node.name);
  return at != links_.end() && at->second->node().id == node ? at->second : nullptr;
}

std::vector<zmq_link_ptr> link_table::opened() const {
  std::lock_guard lock{mutex_};
  return {opened_.begin(), opened_.end()};
}

void link_table::closed(const zmq_link_ptr& link) {
  std::lock_guard lock{mutex_};
  opened_.erase(link);
}

}  // namespace troupe::transport::zmq
