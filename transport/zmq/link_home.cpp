#include "transport/zmq/link_home.hpp"

#include <utility>

namespace troupe::transport::zmq {

namespace {

// Two DEALERs a peer and one for its letters, each with what watches it at both ends.
constexpr int sockets_a_peer = 9;
constexpr int sockets_besides = 64;

std::string_view text_of(refusal_reason why_not) {
  if (why_not == refusal_reason::too_many) return "this node has as many peers as it takes";
  if (why_not == refusal_reason::endpoint) return "this node cannot connect to its endpoint";
  return "this incarnation is held to have ended";
}

caf::error replaced_by_a_later_one() {
  return make_failure(errc::connection_lost, "a later incarnation of the node has come");
}

std::string_view node_flaw(const node_description& node) {
  member_record record;
  record.node = node;
  return flaw(record);
}

// All that one has to know of a node to reach it.
node_description reached(const node_description& node) {
  node_description bare;
  bare.id = node.id;
  bare.endpoint = node.endpoint;
  return bare;
}

std::string_view flaw_of(const node_description& self, const link_options& options) {
  if (const auto bad = node_flaw(self); !bad.empty()) return bad;
  if (options.cluster.empty() || options.cluster.size() > member_limits::name_bytes_max) {
    return "a cluster's name is empty or too long";
  }
  if (options.catalogue.names.size() > frame_limits::names_max) return "too many message types";
  for (const auto& name : options.catalogue.names) {
    if (name.size() > frame_limits::name_bytes_max) return "a message type's name is too long";
  }
  return {};
}

}  // namespace

struct link_home::bound {
  node_description self;
  std::unique_ptr<message_context> context;
  link_intake::sockets sockets;
};

caf::expected<std::shared_ptr<link_home>> link_home::open(io_thread& home, node_description self,
                                                          link_options options,
                                                          link_listener& listener) {
  if (const auto bad = flaw_of(self, options); !bad.empty()) {
    return make_failure(errc::invalid_config, std::string{bad});
  }
  auto context = std::make_unique<message_context>(
      static_cast<int>(options.peers_max) * sockets_a_peer + sockets_besides);
  auto sockets = link_intake::open(*context, options);
  if (!sockets) return sockets.error();
  auto listens = sockets->router.bind(options.listen.empty() ? self.endpoint : options.listen);
  if (!listens) return listens.error();
  if (options.listen.empty()) self.endpoint = *listens;
  return std::shared_ptr<link_home>{
      new link_home{home, std::move(options), listener,
                    bound{std::move(self), std::move(context), std::move(*sockets)}}};
}

link_home::link_home(io_thread& home, link_options options, link_listener& listener, bound opened)
    : home_{home},
      options_{std::move(options)},
      listener_{listener},
      hello_{options_.cluster, std::move(opened.self), options_.catalogue},
      hello_frame_{hello_frame(hello_)},
      context_{std::move(opened.context)},
      table_{options_.peers_max},
      letters_{*context_, options_},
      intake_{std::move(opened.sockets),
              {*this, listener, counts_, hello_.node, options_.heard_interval}} {}

void link_home::start() {
  if (is_closed_) return;
  intake_.start(home_);
  beat_ = std::make_unique<steady_beat>(home_, options_.heartbeat_interval / 2, [this] { beat(); });
}

void link_home::close() {
  is_closed_ = true;
  beat_.reset();
  intake_.close();
  letters_.close();
  for (const auto& link : table_.opened()) {
    link->mark_ended();
    link->close(link->greet.is_connected() ? options_.farewell : std::chrono::milliseconds{0});
    table_.closed(link);
  }
}

link_table::found link_home::reach(const node_description& node) {
  const auto bare = reached(node);
  if (!node_flaw(bare).empty()) return {};
  if (node.id.name == hello_.node.id.name) return {.why_not = refusal_reason::itself};
  const auto wake = [weak = weak_from_this(), id = node.id] {
    if (auto self = weak.lock()) self->home_.post([self, id] { self->take_answers(id); });
  };
  auto found =
      table_.reach(node.id, [&] { return zmq_link::make(*context_, bare, options_, wake); });
  if (found.replaced) finish_later(found.replaced, replaced_by_a_later_one());
  if (found.is_new) {
    home_.post([self = shared_from_this(), link = found.link] { self->begin(link); });
  }
  return found;
}

void link_home::send_letter(const std::string& endpoint, std::string_view bytes) {
  if (!home_.is_current()) {
    return home_.post([self = shared_from_this(), endpoint, copy = std::string{bytes}] {
      self->send_letter(endpoint, copy);
    });
  }
  if (is_closed_ || bytes.size() > link_bounds::letter_bytes_max) return;
  const auto link = table_.at(endpoint);
  const bool sent = link ? link->control().say(letter_frame(bytes), letter_boxes::waiting_bytes_max)
                         : letters_.send(endpoint, letter_frame(bytes), now());
  if (!sent) counts_.letters_dropped.fetch_add(1, std::memory_order_relaxed);
}

void link_home::end(const node_id& node, const caf::error& reason) {
  if (auto link = table_.end(node)) finish_later(std::move(link), reason);
}

std::vector<link_status> link_home::status() const {
  std::vector<link_status> result;
  for (const auto& link : table_.all()) result.push_back(link->status());
  return result;
}

// Not at once: the caller may be within a call of the listener.
void link_home::finish_later(zmq_link_ptr link, caf::error reason) {
  {
    std::lock_guard lock{ending_mutex_};
    ending_.emplace_back(std::move(link), std::move(reason));
  }
  home_.post([self = shared_from_this()] { self->finish_all(); });
}

void link_home::finish_all() {
  std::vector<std::pair<zmq_link_ptr, caf::error>> ending;
  {
    std::lock_guard lock{ending_mutex_};
    ending.swap(ending_);
  }
  for (const auto& [link, reason] : ending) finish(link, reason);
}

void link_home::finish(const zmq_link_ptr& link, const caf::error& reason) {
  if (is_closed_) return;
  link->up = false;
  intake_.forget(link);
  link->close();
  table_.closed(link);
  listener_.ended(link, reason);
}

void link_home::begin(const zmq_link_ptr& link) {
  if (is_closed_ || link->ended()) return;
  const std::weak_ptr<zmq_link> weak = link;
  link->watches.push_back(std::make_unique<socket_watch>(
      home_, link->control().events_descriptor(), [this, weak] { return read_connections(weak); }));
  link->watches.push_back(std::make_unique<socket_watch>(home_, link->answers_descriptor(), [weak] {
    if (const auto one = weak.lock()) one->control().read_answers();
    return false;
  }));
}

link_intake::answer link_home::said_hello(const link_hello& theirs) {
  if (auto bad = flaw_of(theirs, hello_)) return std::move(*bad);
  auto found = reach(theirs.node);
  if (!found.link) {
    return link_refusal{found.why_not, std::string{text_of(found.why_not)}};
  }
  describe(found.link, theirs.node);
  return found.link;
}

void link_home::refused_hello(const link_refusal& refusal, const std::string& peer) {
  counts_.refused_by_us.add(refusal.reason);
  log_.by_us(refusal, peer, now());
}

void link_home::refused_connection(connection_flaw flaw, const std::string& address) {
  counts_.refused_connections.add(flaw);
  log_.connection(flaw, address, now());
}

}  // namespace troupe::transport::zmq
