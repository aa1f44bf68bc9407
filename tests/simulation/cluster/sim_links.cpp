#include "tests/simulation/cluster/sim_links.hpp"

#include <utility>

#include "runtime/errc.hpp"

namespace troupe::simulation {

using transport::lane;
using transport::send_result;

class sim_links::one_link final : public transport::peer_link {
 public:
  one_link(sim_links& from, node_description node)
      : described{std::move(node)}, network_{from.network_}, sender_{from.self_} {}

  const node_description& node() const override { return described; }
  bool ended() const override { return over; }
  std::size_t queued_bytes(lane where) const override { return bytes[index(where)]; }

  send_result send(lane where, std::string_view record_bytes,
                   std::span<const shared_bytes> blobs) override {
    if (over) return send_result::ended;
    if (record_bytes.size() > transport::link_bounds::record_bytes_max) {
      return send_result::too_large;
    }
    auto& queued = bytes[index(where)];
    if (queued + record_bytes.size() > queued_bytes_max) return send_result::overloaded;
    queued += record_bytes.size();
    waiting.push_back({where,
                       ++sent[index(where)],
                       false,
                       std::string{record_bytes},
                       {blobs.begin(), blobs.end()}});
    if (up) flush();
    return send_result::queued;
  }

  // Sends what has waited for the connection.
  void flush() {
    auto* owner = network_.at(sender_.endpoint);
    if (owner == nullptr || owner->self_.id != sender_.id) return;
    const auto self = owner->links_.find(described.id.name);
    if (self == owner->links_.end() || self->second.get() != this) return;
    for (auto& each : std::exchange(waiting, {})) owner->carry(self->second, std::move(each));
  }

  // Loses what is under way.
  void lose(const record& what) {
    bytes[index(what.where)] -= what.bytes.size();
    if (!what.is_beat) ++network_.records_lost;
  }

  static std::size_t index(lane where) { return static_cast<std::size_t>(where); }

  node_description described;
  bool over = false, up = false, told = false;
  std::uint64_t connection = 0;  // grows each time it is made
  time_point hello_at = time_point{}, heard_at = time_point{};
  time_point silent_since = time_point::max();  // since when what is sent does not arrive
  std::deque<record> waiting;                   // for the connection
  std::deque<record> held;                      // by a cut
  std::size_t bytes[transport::lanes] = {};
  std::uint64_t sent[transport::lanes] = {};
  std::uint64_t taken[transport::lanes] = {};  // of what came from the node
  time_point last_arrival[transport::lanes] = {time_point{}, time_point{}};

 private:
  sim_network& network_;
  node_description sender_;
};

sim_links::sim_links(sim_network& network, node_description self,
                     transport::link_listener& listener)
    : network_{network}, self_{std::move(self)}, listener_{listener} {
  network_.nodes_[self_.endpoint] = this;
  post([](sim_links& me) { me.beat(); });
}

sim_links::~sim_links() {
  cut_off();
}

void sim_links::cut_off() {
  for (const auto& [name, link] : links_) link->over = true;
  const auto at = network_.nodes_.find(self_.endpoint);
  if (at != network_.nodes_.end() && at->second == this) network_.nodes_.erase(at);
}

void sim_links::post(std::function<void(sim_links&)> happen) {
  network_.world.events.at({}, [&network = network_, self = self_, happen = std::move(happen)] {
    network.deliver(self, happen);
  });
}

bool sim_links::outlived(const node_id& node) const {
  return !network_.ended_come_back && ended_.contains(node);
}

transport::peer_link_ptr sim_links::reach(const node_description& node) {
  if (outlived(node.id) || node.id.name == self_.id.name) return nullptr;
  auto& link = links_[node.id.name];
  if (link != nullptr && link->node().id == node.id) return link;
  if (link != nullptr) {
    if (link->node().id.incarnation > node.id.incarnation) return nullptr;
    link->over = true;
    ended_.insert(link->node().id);
    post([old = link](sim_links& me) {
      me.finish(old, make_failure(errc::connection_lost, "a later incarnation has come"));
    });
  }
  link = std::make_shared<one_link>(*this, node);
  post([made = link](sim_links& me) { me.say_hello(made); });
  return link;
}

void sim_links::end(const node_id& node, const caf::error& reason) {
  ended_.insert(node);
  const auto place = links_.find(node.name);
  if (place == links_.end() || place->second->node().id != node) return;
  const auto link = place->second;
  link->over = true;
  links_.erase(place);
  post([link, reason](sim_links& me) { me.finish(link, reason); });
}

void sim_links::finish(const link_ptr& link, const caf::error& reason) {
  listener_.ended(link, reason);
}

void sim_links::send_letter(const std::string& endpoint, std::string_view bytes) {
  const auto* there = network_.at(endpoint);
  if (there == nullptr) return;
  const auto& from = self_.id.name;
  const auto to = there->self().id.name;
  if (network_.loses(from, to)) return;
  network_.world.events.at(network_.delay(from, to), [&network = network_, from, to, endpoint,
                                                      letter = std::string{bytes}] {
    if (network.is_cut(from, to)) return;
    network.deliver(endpoint, [letter](sim_links& there) { there.listener_.letter(letter); });
  });
}

// ---- connections -------------------------------------------------------------------------------

void sim_links::beat() {
  network_.world.events.at(beat_every, [&network = network_, self = self_] {
    network.deliver(self, [](sim_links& me) { me.beat(); });
  });
  const auto links = links_;
  for (const auto& [name, link] : links) beat(link);
}

void sim_links::beat(const link_ptr& link) {
  const auto now = network_.world.events.now();
  if (link->over) return;
  if (!link->up) {
    if (now - link->hello_at >= hello_every) say_hello(link);
    return;
  }
  const auto& to = link->node().id.name;
  const bool silent = network_.is_cut(self_.id.name, to) || network_.is_cut(to, self_.id.name);
  if (!silent) {
    link->silent_since = time_point::max();
  } else if (link->silent_since == time_point::max()) {
    link->silent_since = now;
  } else if (now - link->silent_since >= patience) {
    return broke(link->node().id);
  }
  for (const auto where : {lane::control, lane::data}) {
    carry(link, {where, link->sent[one_link::index(where)] + 1, true});
  }
}

void sim_links::broke(const node_id& node) {
  const auto place = links_.find(node.name);
  if (place == links_.end() || place->second->node().id != node || !place->second->up) return;
  const auto link = place->second;
  link->up = false;
  ++link->connection;
  link->silent_since = time_point::max();
  for (const auto& each : std::exchange(link->held, {})) link->lose(each);
  listener_.disconnected(link);
}

void sim_links::say_hello(const link_ptr& link) {
  if (link->over || link->up) return;
  auto& events = network_.world.events;
  link->hello_at = events.now();
  const auto to = link->node();
  events.at(network_.delay(self_.id.name, to.id.name), [&network = network_, to, from = self_] {
    if (network.is_cut(from.id.name, to.id.name)) return;
    network.deliver(to.endpoint, [from](sim_links& there) { there.take_hello(from); });
  });
}

void sim_links::take_hello(const node_description& from) {
  const auto link = meet(from);
  if (link == nullptr) return refuse(from);
  heard(link);
  network_.world.events.at(
      network_.delay(self_.id.name, from.id.name), [&network = network_, me = self_, from] {
        if (network.is_cut(me.id.name, from.id.name)) return;
        network.deliver(from, [me](sim_links& asker) { asker.take_welcome(me); });
      });
}

void sim_links::take_welcome(const node_description& from) {
  const auto link = meet(from);
  if (link == nullptr || link->up) return;
  link->up = true;
  listener_.connected(link);
  link->flush();
}

void sim_links::refuse(const node_description& from) {
  network_.world.events.at(
      network_.delay(self_.id.name, from.id.name), [&network = network_, me = self_, from] {
        if (network.is_cut(me.id.name, from.id.name)) return;
        network.deliver(from, [me](sim_links& refused) {
          refused.end(me.id, make_failure(errc::connection_lost, "it holds us for ended"));
        });
      });
}

sim_links::link_ptr sim_links::meet(const node_description& node) {
  auto link = std::static_pointer_cast<one_link>(reach(node));
  if (link == nullptr) return nullptr;
  link->described = node;
  if (!std::exchange(link->told, true)) listener_.linked(link);
  return link->over ? nullptr : link;
}

// ---- records -----------------------------------------------------------------------------------

void sim_links::carry(const link_ptr& link, record what) {
  auto& world = network_.world;
  const auto to = link->node();
  auto& last = link->last_arrival[one_link::index(what.where)];
  last = std::max(last, world.events.now() + network_.delay(self_.id.name, to.id.name));
  world.events.at(last - world.events.now(),
                  [&network = network_, from = self_, to, link, what = std::move(what),
                   connection = link->connection] {
                    if (connection != link->connection) return link->lose(what);
                    if (network.is_cut(from.id.name, to.id.name) || !link->held.empty()) {
                      return link->held.push_back(what);
                    }
                    if (network.loses(from.id.name, to.id.name)) return link->lose(what);
                    link->bytes[one_link::index(what.where)] -= what.bytes.size();
                    network.deliver(to, [from, what](sim_links& there) { there.take(from, what); });
                  });
}

void sim_links::mended(const std::string& node) {
  const auto place = links_.find(node);
  if (place == links_.end()) return;
  const auto link = place->second;
  for (auto& each : std::exchange(link->held, {})) {
    link->bytes[one_link::index(each.where)] -= each.bytes.size();
    network_.deliver(link->node(), [from = self_, each = std::move(each)](sim_links& there) {
      there.take(from, each);
    });
  }
}

void sim_links::take(const node_description& from, const record& what) {
  const auto link = meet(from);
  if (link == nullptr) return refuse(from);
  heard(link);
  auto& taken = link->taken[one_link::index(what.where)];
  if (what.number <= taken) return;
  const bool missing = what.number != taken + 1;
  taken = what.is_beat ? what.number - 1 : what.number;
  if (missing) listener_.gap(link, what.where);
  if (!what.is_beat && !link->over) listener_.received(link, what.where, what.bytes, what.blobs);
}

void sim_links::heard(const link_ptr& link) {
  const auto now = network_.world.events.now();
  if (now - link->heard_at < heard_every) return;
  link->heard_at = now;
  listener_.heard(link);
}

}  // namespace troupe::simulation
