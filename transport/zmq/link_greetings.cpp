// The outgoing half of link_home: connections, hellos, their answers, beats.
#include <utility>

#include "transport/zmq/link_home.hpp"

namespace troupe::transport::zmq {

namespace {

constexpr unsigned beats_per_mending = 20;  // a second, by default

}  // namespace

bool link_home::read_connections(const std::weak_ptr<zmq_link>& weak) {
  const auto link = weak.lock();
  if (!link || link->ended()) return false;
  while (const auto event = link->control().take_event()) {
    answers_guard_.changed(*event);
    take_event(link, event->change);
    if (link->ended()) return false;
  }
  return false;
}

void link_home::read_data_connection(const zmq_link_ptr& link) {
  auto& data = link->at(lane::data);
  while (const auto event = data.take_event()) {
    answers_guard_.changed(*event);
    if (event->change == connection_change::up) data.connected();
  }
}

void link_home::take_event(const zmq_link_ptr& link, connection_change change) {
  if (change == connection_change::refused) {
    counts_.failed_connections.fetch_add(1, std::memory_order_relaxed);
    return log_.by_key(link->node().endpoint, now());
  }
  if (change == connection_change::opened) return;
  const bool is_up = change == connection_change::up;
  if (is_up) {
    link->greet.connected(now());
    greet(link);
  } else {
    link->greet.disconnected();
  }
  link->up = link->greet.is_up();
  if (!link->is_described()) return;
  is_up ? listener_.connected(link) : listener_.disconnected(link);
}

// A hello that has not left yet says all that another would.
void link_home::greet(const zmq_link_ptr& link) {
  if (link->greet.take_due(now())) link->control().say(hello_frame_, 0);
}

void link_home::describe(const zmq_link_ptr& link, const node_description& node) {
  if (!link->describe(node)) return;
  finish_all();  // the life before it, if there was one
  listener_.linked(link);
  if (link->greet.is_connected() && !link->ended()) listener_.connected(link);
}

void link_home::take_answers(const node_id& node) {
  const auto link = table_.find(node);
  if (is_closed_ || !link) return;
  for (const auto& frame : link->control().take_answers()) {
    if (!link->ended()) take_answer(link, frame);
  }
}

void link_home::take_answer(const zmq_link_ptr& link, std::string_view frame) {
  const auto header = read_header(frame);
  const auto kind = header ? header->kind : frame_kind::batch;
  if (kind == frame_kind::welcome && header->version == link_version) {
    const auto read = read_welcome(body_of(frame));
    if (const auto* node = std::get_if<node_description>(&read)) {
      return welcomed(link, header->token, *node);
    }
  } else if (kind == frame_kind::refusal) {
    const auto read = read_refusal(body_of(frame));
    if (const auto* refusal = std::get_if<link_refusal>(&read)) return refused(link, *refusal);
  } else if (kind == frame_kind::unknown && header->version == link_version) {
    link->greet.forgotten(now());
    return greet(link);
  }
  counts_.malformed.fetch_add(1, std::memory_order_relaxed);
}

void link_home::welcomed(const zmq_link_ptr& link, std::uint64_t token,
                         const node_description& node) {
  const auto expected = link->node().id;
  if (node.id != expected) {
    const bool is_later =
        node.id.name == expected.name && node.id.incarnation > expected.incarnation;
    if (is_later) {
      reach(node);
    } else {
      refused(link, {refusal_reason::itself, "another node listens at its endpoint"});
    }
    return;
  }
  link->greet.welcomed();
  link->up = link->greet.is_up();
  describe(link, node);
  if (link->ended()) return;
  link->at(lane::control).open(token);
  link->at(lane::data).open(token);
}

// Who holds our incarnation for ended takes nothing from us any more, and nothing of it is of use.
void link_home::refused(const zmq_link_ptr& link, const link_refusal& refusal) {
  counts_.refused_by_peer.add(refusal.reason);
  log_.by_peer(refusal, link->node().id.name, now());
  link->greet.refused(now());
  link->up = false;
  if (refusal.reason == refusal_reason::ended) {
    end(link->node().id, make_failure(errc::connection_lost,
                                      "the node holds this incarnation of ours to have ended"));
  }
}

// What peers answer is little, so that all of it counts, whole messages too.
void link_home::look_for_endless_messages() {
  intake_.look();
  letters_.read_events(answers_guard_);
  answers_guard_.look();
  for (const auto& peer : answers_guard_.all_read()) {
    refused_connection(connection_flaw::endless_message, peer);
  }
}

void link_home::beat() {
  const bool is_mending = ++beats_ % beats_per_mending == 0;
  for (const auto& link : table_.all()) {
    if (link->ended()) continue;
    greet(link);
    read_data_connection(link);
    link->control().beat();
    link->at(lane::data).beat();
    link->control().read_answers();
    if (!is_mending) continue;
    link->control().mend();
    link->at(lane::data).mend();
  }
  if (is_mending) letters_.expire(now());
  look_for_endless_messages();
}

}  // namespace troupe::transport::zmq
