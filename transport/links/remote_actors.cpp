#include "transport/links/remote_actors.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include "runtime/assert.hpp"
#include "runtime/errc.hpp"
#include "runtime/log.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/node_server.hpp"
#include "transport/links/peer_handles.hpp"
#include "transport/links/remote_actor.hpp"

namespace troupe::transport {

namespace {

// Returns a record without handles and blobs.
template <class... Ts>
std::string plain_record(const Ts&... fields) {
  std::string bytes;
  std::vector<shared_bytes> blobs;
  no_handles none;
  wire_writer out{bytes, blobs, none};
  out(fields...);
  return bytes;
}

void tell_end(peer_link& watcher, caf::actor_id actor, const caf::error& reason) {
  watcher.send(lane::control, plain_record(record_kind::down, actor, reason));
}

// Buffers that keep their room from message to message.
struct scratch {
  std::string bytes;
  std::vector<shared_bytes> blobs;

  static scratch& cleared() {
    thread_local scratch mine;
    mine.bytes.clear();
    mine.blobs.clear();
    return mine;
  }
};

caf::error error_of(send_result result, const node_id& node) {
  switch (result) {
    case send_result::overloaded:
      return make_failure(errc::overloaded, "too much waits to be sent to node " + node.name);
    case send_result::too_large:
      return make_failure(errc::payload_too_large, "a message is too large for a link");
    case send_result::ended:
    case send_result::queued:
      break;
  }
  return make_failure(errc::connection_lost, "node " + node.name + " is gone");
}

}  // namespace

remote_actors::remote_actors(parts p)
    : parts_{std::move(p)}, exported_{std::make_shared<exported_actors>(&tell_end)} {}

remote_actors::~remote_actors() = default;

std::shared_ptr<remote_actors> remote_actors::make(parts p) {
  std::shared_ptr<remote_actors> made{new remote_actors{std::move(p)}};
  made->server_ = spawn_node_server(made->system(), made->parts_.names, made->parts_.kinds);
  return made;
}

void remote_actors::attach(std::shared_ptr<links> carrier) {
  carrier_ = std::move(carrier);
}

void remote_actors::close() {
  last_from_ = nullptr;
  std::vector<std::shared_ptr<remote_node>> nodes;
  {
    std::lock_guard lock{mutex_};
    closed_ = true;
    for (auto& [link, node] : std::exchange(nodes_, {})) nodes.push_back(std::move(node));
  }
  // In an order that no address decides: a simulation replays what follows.
  std::ranges::sort(nodes, {}, [](const auto& node) { return node->link()->node().id; });
  for (const auto& node : nodes) {
    node->close(caf::exit_reason::remote_link_unreachable);
    exported_->forget(node->link());
    fail_pending(node->link(), make_failure(errc::cancelled, "this node stops"));
  }
  if (server_ != nullptr) caf::anon_send_exit(server_, caf::exit_reason::user_shutdown);
  server_ = nullptr;
}

std::shared_ptr<remote_node> remote_actors::node_of(const peer_link_ptr& link) {
  std::lock_guard lock{mutex_};
  if (closed_ || link->ended()) return nullptr;
  auto& place = nodes_[link.get()];
  if (place == nullptr) place = std::make_shared<remote_node>(shared_from_this(), link);
  return place;
}

std::shared_ptr<remote_node> remote_actors::reach(const node_description& node) {
  TROUPE_ASSERT(carrier_ != nullptr);
  const auto link = carrier_->reach(node);
  return link != nullptr ? node_of(link) : nullptr;
}

caf::strong_actor_ptr remote_actors::node_server(const node_description& node) {
  if (node.id == carrier_->self().id) return server_;
  const auto there = reach(node);
  return there != nullptr ? there->actor(0) : nullptr;
}

remote_counts remote_actors::counts() const {
  return {.sent = sent_,
          .delivered = delivered_,
          .refused = refused_,
          .dead = dead_,
          .malformed = malformed_,
          .pending = pending_.size(),
          .exported = exported_->size()};
}

void remote_actors::send(remote_node& to, caf::actor_id actor, caf::mailbox_element& what,
                         caf::execution_unit* unit) {
  const auto& link = to.link();
  auto& room = scratch::cleared();
  const peer_handles::finder nobody;
  peer_handles handles{to, *exported_, nobody};
  const auto whose = what.content().shared() ? wire_writer::texts::kept : wire_writer::texts::taken;
  wire_writer out{room.bytes, room.blobs, handles, whose};
  const auto kind = parts_.catalogue.find(what.content());
  if (kind && what.stages.empty()) {
    out(record_kind::message, actor, what.mid.integer_value());
    handles.write(out, what.sender);
    out(*kind);
    parts_.catalogue.write(*kind, what.content(), out);
  } else if (what.content().match_elements<caf::exit_msg>()) {
    const auto& exit = what.content().get_as<caf::exit_msg>(0);
    out(record_kind::exit, actor);
    handles.write(out, caf::actor_cast<caf::strong_actor_ptr>(exit.source));
    out(exit.reason);
  } else {
    refuse(what, make_failure(errc::unsupported, "no message for other nodes"), unit);
    return;
  }
  const bool asks = what.mid.is_request() && what.sender != nullptr;
  if (asks) pending_.add(what.sender, what.mid, link.get());
  const auto result = link->send(lane::data, room.bytes, room.blobs);
  if (result == send_result::queued) {
    sent_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (asks) pending_.answered(what.sender, what.mid);
  refuse(what, error_of(result, link->node().id), unit);
}

void remote_actors::refuse(const caf::mailbox_element& what, const caf::error& reason,
                           caf::execution_unit* unit) {
  const auto count = refused_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (what.mid.is_request() && what.sender != nullptr) {
    what.sender->enqueue(nullptr, what.mid.response_id(), caf::make_message(reason), unit);
    return;
  }
  if (!std::has_single_bit(count)) return;  // not a line for each of a million
  log::warn("a message to another node is dropped",
            {{"of so far", count}, {"why", failure_text(reason)}});
}

send_result remote_actors::send_record(remote_node& to, lane where, record_kind kind,
                                       caf::actor_id actor) {
  return to.link()->send(where, plain_record(kind, actor));
}

void remote_actors::tell_link_later(std::shared_ptr<remote_node> to, caf::actor_id actor,
                                    const caf::strong_actor_ptr& other, bool linked) {
  const auto server = server_;
  if (server == nullptr) return;
  caf::anon_send(caf::actor_cast<caf::actor>(server),
                 link_change{weak_from_this(), std::move(to), actor, other, linked});
}

void remote_actors::tell_link(remote_node& to, caf::actor_id actor,
                              const caf::strong_actor_ptr& other, bool linked) {
  std::string bytes;
  std::vector<shared_bytes> blobs;
  const peer_handles::finder nobody;
  peer_handles handles{to, *exported_, nobody};
  wire_writer out{bytes, blobs, handles};
  out(linked ? record_kind::link : record_kind::unlink, actor);
  handles.write(out, other);
  to.link()->send(lane::control, bytes);
}

void remote_actors::fail_pending(const peer_link_ptr& peer, const caf::error& reason) {
  for (auto& request : pending_.take(peer.get())) {
    request.asker->enqueue(nullptr, request.id.response_id(), caf::make_message(reason), nullptr);
  }
}

std::size_t remote_backlog(const caf::strong_actor_ptr& actor) {
  const auto* stand_in = remote_actor::of(actor);
  return stand_in != nullptr ? stand_in->home()->link()->queued_bytes(lane::data) : 0;
}

}  // namespace troupe::transport
