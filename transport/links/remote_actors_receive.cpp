// What comes in: records for actors of this node, and the end of links.
#include <bit>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/default_attachable.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include "runtime/errc.hpp"
#include "runtime/io_thread.hpp"
#include "runtime/log.hpp"
#include "transport/links/message_catalogue.hpp"
#include "transport/links/peer_handles.hpp"
#include "transport/links/remote_actors.hpp"

namespace troupe::transport {

namespace {

caf::execution_unit* unit_here() {
  auto* thread = io_thread::current();
  return thread != nullptr ? thread->unit() : nullptr;
}

// Of what a peer says of a message's number only what messages between actors have is taken.
caf::message_id sane(std::uint64_t number) {
  const caf::message_id id{number & ~caf::message_id::answered_flag_mask};
  return id.is_stream_message() ? id.with_category(caf::message_id::normal_message_category) : id;
}

}  // namespace

void remote_actors::linked(const peer_link_ptr& peer) {
  const auto& node = peer->node();
  log::info("linked", {{"node", node.id.name}, {"endpoint", node.endpoint}});
}

void remote_actors::received(const peer_link_ptr& peer, lane, std::string_view record,
                             std::span<const shared_bytes> blobs) {
  if (last_from_ == nullptr || last_from_->link() != peer) last_from_ = node_of(peer);
  const auto from = last_from_;
  if (from == nullptr) return;
  const peer_handles::finder third = [this](const node_description& node) { return reach(node); };
  peer_handles handles{*from, *exported_, third};
  wire_reader in{record, blobs, handles};
  auto kind = record_kind::message;
  in(kind);
  switch (kind) {
    case record_kind::message:
      take_message(in);
      break;
    case record_kind::exit:
      take_exit(in);
      break;
    case record_kind::link:
    case record_kind::unlink:
      take_link(*from, in, kind == record_kind::link);
      break;
    case record_kind::lost:
      take_lost(*from, in);
      break;
    default:
      take_control(*from, kind, in);
  }
  if (in.failed() || in.left() != 0) malformed(*from, "a record");
}

caf::strong_actor_ptr remote_actors::local_actor(caf::actor_id id) const {
  return id == 0 ? server_ : exported_->find(id);
}

void remote_actors::take_message(wire_reader& in) {
  caf::actor_id receiver = 0;
  std::uint64_t number = 0;
  caf::strong_actor_ptr sender;
  std::uint16_t kind = 0;
  in(receiver, number, sender, kind);
  if (in.failed()) return;
  const auto id = sane(number);
  auto element = parts_.catalogue.read(kind, sender, id, in);
  const auto answer = [&](const caf::error& reason) {
    if (sender != nullptr && id.is_request()) {
      sender->enqueue(nullptr, id.response_id(), caf::make_message(reason), unit_here());
    }
  };
  if (element == nullptr) {
    in.fail();
    answer(make_failure(errc::protocol_error, "a message could not be read"));
    return;
  }
  const auto actor = local_actor(receiver);
  if (actor == nullptr) {
    dead_.fetch_add(1, std::memory_order_relaxed);
    answer(caf::make_error(caf::sec::request_receiver_down));
    return;
  }
  if (id.is_response()) pending_.answered(actor, id);
  delivered_.fetch_add(1, std::memory_order_relaxed);
  actor->get()->enqueue(std::move(element), unit_here());
}

void remote_actors::take_exit(wire_reader& in) {
  caf::actor_id receiver = 0;
  caf::strong_actor_ptr source;
  caf::error reason;
  in(receiver, source, reason);
  if (in.failed()) return;
  if (const auto actor = local_actor(receiver); actor != nullptr && receiver != 0) {
    const auto from = caf::actor_cast<caf::actor_addr>(source);
    actor->get()->eq_impl(caf::make_message_id(caf::message_priority::high), source, unit_here(),
                          caf::exit_msg{from, std::move(reason)});
  }
}

// The peer's actor is linked to ours: ours shall get an exit message when the peer's ends.
void remote_actors::take_link(remote_node& from, wire_reader& in, bool linked) {
  caf::actor_id ours = 0;
  caf::strong_actor_ptr theirs;
  in(ours, theirs);
  if (in.failed() || theirs == nullptr) return;
  const auto actor = local_actor(ours);
  if (actor == nullptr || ours == 0) return;  // who watches it hears that it is gone
  if (theirs->node() == system().node()) return malformed(from, "a link between our own actors");
  const auto address = caf::actor_cast<caf::actor_addr>(actor);
  caf::default_attachable::observe_token token{address, caf::default_attachable::link};
  theirs->get()->detach(token);  // not twice
  if (!linked) return;
  theirs->get()->attach(caf::default_attachable::make_link(theirs->get()->address(), address));
}

void remote_actors::take_lost(remote_node& from, wire_reader& in) {
  caf::actor_id which = 0;
  in(which);
  if (in.failed()) return;
  if (which == static_cast<caf::actor_id>(lane::control)) return from.watch_again();
  fail_pending(from.link(),
               make_failure(errc::connection_lost,
                            "messages to node " + from.link()->node().id.name + " were lost"));
}

void remote_actors::take_control(remote_node& from, record_kind kind, wire_reader& in) {
  caf::actor_id id = 0;
  in(id);
  if (in.failed()) return;
  if (kind == record_kind::watch) {
    if (id == 0 || exported_->watch(id, from.link())) return;
    exported_->tell(from.link(), id, caf::exit_reason::unknown);
  } else if (kind == record_kind::unwatch) {
    exported_->unwatch(id, from.link());
  } else if (kind == record_kind::down) {
    caf::error reason;
    in(reason);
    if (!in.failed()) from.actor_ended(id, reason);
  } else {
    in.fail();
  }
}

void remote_actors::gap(const peer_link_ptr& peer, lane where) {
  const auto from = node_of(peer);
  if (from == nullptr) return;
  log::warn("messages of a node were lost", {{"node", peer->node().id.name}});
  send_record(*from, lane::control, record_kind::lost, static_cast<caf::actor_id>(where));
  if (where == lane::control) return from->watch_again();
  fail_pending(peer, make_failure(errc::connection_lost,
                                  "messages of node " + peer->node().id.name + " were lost"));
}

void remote_actors::ended(const peer_link_ptr& peer, const caf::error& reason) {
  last_from_ = nullptr;
  std::shared_ptr<remote_node> node;
  {
    std::lock_guard lock{mutex_};
    const auto place = nodes_.find(peer.get());
    if (place != nodes_.end()) {
      node = std::move(place->second);
      nodes_.erase(place);
    }
  }
  const auto& name = peer->node().id.name;
  log::warn("a node is gone", {{"node", name}, {"why", failure_text(reason)}});
  exported_->forget(peer);
  fail_pending(peer, make_failure(errc::connection_lost, "node " + name + " is gone"));
  if (node != nullptr) node->close(caf::exit_reason::remote_link_unreachable);
}

void remote_actors::malformed(remote_node& from, std::string_view what) {
  const auto count = malformed_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!std::has_single_bit(count)) return;  // not a line for each of a million
  log::warn(
      "a node sent what cannot be read",
      {{"node", from.link()->node().id.name}, {"what", std::string{what}}, {"so far", count}});
}

}  // namespace troupe::transport
