#include "tests/transport/links/memory_network.hpp"

#include "runtime/errc.hpp"

namespace troupe::testing {

using transport::lane;
using transport::send_result;

class memory_links::one_link final : public transport::peer_link {
 public:
  one_link(memory_network& network, node_description node)
      : network_{network}, node_{std::move(node)} {}

  struct record {
    lane where;
    std::string bytes;
    std::vector<shared_bytes> blobs;
  };

  const node_description& node() const override { return node_; }

  send_result send(lane where, std::string_view bytes,
                   std::span<const shared_bytes> blobs) override {
    if (over) return send_result::ended;
    auto& queued = bytes_[static_cast<std::size_t>(where)];
    std::size_t beside = 0;
    for (const auto& blob : blobs) beside += blob.size();
    if (bytes.size() > transport::link_bounds::record_bytes_max) return send_result::too_large;
    if (beside > transport::link_bounds::blob_bytes_max) return send_result::too_large;
    if (queued + bytes.size() > network_.queued_bytes_max) return send_result::overloaded;
    queued += bytes.size();
    waiting.push_back({where, std::string{bytes}, {blobs.begin(), blobs.end()}});
    return send_result::queued;
  }

  std::size_t queued_bytes(lane where) const override {
    return bytes_[static_cast<std::size_t>(where)];
  }

  bool ended() const override { return over; }

  record take() {
    auto first = std::move(waiting.front());
    waiting.pop_front();
    bytes_[static_cast<std::size_t>(first.where)] -= first.bytes.size();
    return first;
  }

  std::deque<record> waiting;
  std::set<lane> lost;  // lanes of which records were lost since the last that came
  bool over = false;

 private:
  memory_network& network_;
  node_description node_;
  std::size_t bytes_[transport::lanes] = {};
};

memory_links::memory_links(memory_network& network, node_description self,
                           transport::link_listener& listener)
    : network_{network}, self_{std::move(self)}, listener_{listener} {
  network_.nodes_[self_.endpoint] = this;
}

memory_links::~memory_links() {
  if (const auto at = network_.nodes_.find(self_.endpoint);
      at != network_.nodes_.end() && at->second == this) {
    network_.nodes_.erase(at);
  }
}

transport::peer_link_ptr memory_links::reach(const node_description& node) {
  if (ended_.contains(node.id)) return nullptr;
  auto& link = links_[node.id];
  if (link == nullptr) link = std::make_shared<one_link>(network_, node);
  return link;
}

void memory_links::end(const node_id& node, const caf::error& reason) {
  if (!ended_.insert(node).second) return;
  const auto place = links_.find(node);
  if (place == links_.end()) return;
  const auto link = place->second;
  link->over = true;
  links_.erase(place);
  listener_.ended(link, reason);
}

// Returns the link back to a node that has sent something; a higher incarnation ends the lower.
transport::peer_link_ptr memory_links::meet(const node_description& node) {
  std::vector<node_id> older;
  for (const auto& [id, link] : links_) {
    if (id.name == node.id.name && id.incarnation < node.id.incarnation) older.push_back(id);
  }
  for (const auto& id : older) end(id, make_failure(errc::connection_lost, "replaced"));
  const bool fresh = !links_.contains(node.id);
  auto link = reach(node);
  if (fresh && link != nullptr) listener_.linked(link);
  return link;
}

bool memory_network::deliver() {
  bool any = false;
  const auto nodes = nodes_;
  for (const auto& [endpoint, node] : nodes) {
    const auto links = node->links_;
    for (const auto& [id, link] : links) any |= deliver(*node, *link);
  }
  return any;
}

bool memory_network::deliver(memory_links& from, memory_links::one_link& link) {
  const std::pair way{from.self_.id.name, link.node().id.name};
  if (link.waiting.empty() || held_.contains(way)) return false;
  const auto place = nodes_.find(link.node().endpoint);
  if (place == nodes_.end() || place->second->self_.id != link.node().id) return false;
  auto& to = *place->second;
  const auto back = to.meet(from.self_);
  while (!link.waiting.empty()) {
    const auto record = link.take();
    if (cuts_.contains(way)) {
      link.lost.insert(record.where);
      continue;
    }
    if (back == nullptr || back->ended()) continue;
    if (link.lost.erase(record.where) != 0) to.listener_.gap(back, record.where);
    to.listener_.received(back, record.where, record.bytes, record.blobs);
  }
  return true;
}

}  // namespace troupe::testing
