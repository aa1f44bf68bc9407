// What a node says: answers, probes and their relays, gossip and syncs.
#include <algorithm>
#include <bit>
#include <utility>

#include "runtime/membership/membership.hpp"

namespace troupe {

using kind = member_message_kind;

membership::actions membership::receive(const member_message& message, time_point now) {
  enter(now);
  const auto& sender = message.from.node.id;
  if (fenced_) return {};
  if (sender.name == self_.node.id.name) {
    learn_of_self(message.from);
  } else if (!fence(message)) {
    learn(message.from);
    if (auto* m = alive_target(sender)) {
      m->heard = now_;
      m->lost = false;
    }
    for (const auto& record : message.records) learn(record);
    if (!fenced_) answer(message);
  }
  return leave_with();
}

// Keeps out what comes from a life that is over; only what it says of this node is heeded.
bool membership::fence(const member_message& message) {
  auto* m = members_.find(message.from.node.id.name);
  if (m == nullptr || !parts_.incarnations) return false;
  const auto& known = m->record.node.id;
  const bool over = message.from.node.id < known || (message.from.node.id == known && m->ended());
  if (!over) return false;
  for (const auto& record : message.records) {
    if (record.node.id.name == self_.node.id.name) learn_of_self(record);
  }
  if (fenced_) return true;
  if (m->unsaid && message.from.node.id == known) {
    doubt(*m, message);
  } else if (message.from.state != member_state::left) {
    auto reply = make(kind::gossip);
    reply.records = {m->record};
    send(message.from.node.endpoint, std::move(reply));
  }
  return true;
}

// A verdict of ours alone is wrong if the node answers a ping sent after it. Pings are acknowledged
// and not pinged back: it may hold the same of us.
void membership::doubt(member& m, const member_message& message) {
  if (message.kind == kind::ping) return answer(message);
  if (message.kind == kind::ack) {
    if (m.challenge != 0 && message.sequence == m.challenge) fence_self();
    return;
  }
  if (m.challenge == 0) m.challenge = ++last_sequence_;
  ping(m, m.challenge);
}

void membership::answer(const member_message& message) {
  const auto& endpoint = message.from.node.endpoint;
  switch (message.kind) {
    case kind::ping:
      return send(endpoint, make(kind::ack, message.sequence, self_.node.id));
    case kind::ping_request: {
      send(endpoint, make(kind::nack, message.sequence, message.about));
      const auto* m = alive_target(message.about);
      if (m == nullptr || relays_.size() >= relays_max) return;
      relays_.push_back({++last_sequence_, message, now_ + options_.probe_timeout});
      return ping(*m, last_sequence_);
    }
    case kind::ack:
      return acknowledged(message);
    case kind::nack:
      for (auto& p : probes_) {
        if (p.sequence == message.sequence) ++p.nacks;
      }
      return;
    case kind::sync_request:
      return send_sync(endpoint, kind::sync_answer);
    case kind::gossip:
    case kind::sync_answer:
      return;
  }
}

void membership::acknowledged(const member_message& message) {
  const auto fits = [&](const auto& p) { return p.sequence == message.sequence; };
  const auto mine = std::ranges::find_if(probes_, fits);
  if (mine != probes_.end() && mine->target == message.about) {
    if (auto* m = alive_target(mine->target)) m->heard = now_;
    probes_.erase(mine);
    feel(-1);
  }
  const auto relayed = std::ranges::find_if(relays_, fits);
  if (relayed != relays_.end() && relayed->request.about == message.about) {
    const auto& request = relayed->request;
    send(request.from.node.endpoint, make(kind::ack, request.sequence, request.about));
    relays_.erase(relayed);
  }
}

void membership::probe_next() {
  probe_at_ = now_ + options_.probe_every * (1 + health_score_);
  if (const auto* m = quietest()) return start_probe(*m);
  if (round_.empty()) round_ = choose(members_.living(), members_.living_count());
  while (!round_.empty()) {
    const auto* m = members_.find(round_.back());
    round_.pop_back();
    if (m != nullptr && !m->ended()) return start_probe(*m);
  }
}

// The member silent for longest, if that is long and no probe of it is under way.
const member* membership::quietest() const {
  const member* found = nullptr;
  for (const auto& [name, m] : members_.all()) {
    if (m.ended() || now_ - m.heard < options_.quiet || probing(m.record.node.id)) continue;
    if (found == nullptr || m.heard < found->heard) found = &m;
  }
  return found;
}

bool membership::probing(const node_id& id) const {
  return std::ranges::any_of(probes_, [&](const probe& p) { return p.target == id; });
}

void membership::start_probe(const member& m) {
  const auto& id = m.record.node.id;
  if (probes_.size() >= probes_max || probing(id)) return;
  const auto stretch = 1 + health_score_;
  probes_.push_back({++last_sequence_, id, now_, now_ + options_.indirect_after * stretch,
                     now_ + options_.probe_timeout * stretch});
  ping(m, last_sequence_);
}

void membership::advance_probes() {
  std::vector<probe> over;
  for (auto& p : probes_) {
    if (!p.indirect && now_ >= p.indirect_at) ask_helpers(p);
    if (now_ >= p.ends_at) over.push_back(p);
  }
  std::erase_if(probes_, [&](const probe& p) { return now_ >= p.ends_at; });
  for (const auto& p : over) failed(p);
}

void membership::ask_helpers(probe& p) {
  p.indirect = true;
  auto* target = alive_target(p.target);
  if (target == nullptr || target->heard > p.sent || !parts_.indirect_probes) return;
  auto others = members_.living();
  std::erase(others, p.target.name);
  for (const auto& name : choose(std::move(others), options_.helpers)) {
    ++p.asked;
    send(members_.find(name)->record.node.endpoint, make(kind::ping_request, p.sequence, p.target));
  }
}

void membership::failed(const probe& p) {
  auto* m = alive_target(p.target);
  if (m == nullptr || m->heard > p.sent) return;
  if (p.nacks < p.asked) feel(+1);  // helpers are silent, too: it may be us
  suspect(*m);
}

// Carries the news told least often; the suspect it goes to hears of the suspicion in any case.
member_message membership::make(kind what, std::uint64_t sequence, node_id about) {
  member_message message{what, sequence, std::move(about), self_, {}};
  if (is_sync(what)) return message;
  for (const auto& name : rumours_.take(member_message::records_max, tellings_max())) {
    if (name == self_.node.id.name) continue;
    if (const auto* m = members_.find(name)) message.records.push_back(m->record);
  }
  return message;
}

void membership::send(const std::string& endpoint, member_message message) {
  out_.letters.push_back({endpoint, std::move(message)});
}

void membership::ping(const member& m, std::uint64_t sequence) {
  auto message = make(kind::ping, sequence, m.record.node.id);
  const bool told = std::ranges::find(message.records, m.record) != message.records.end();
  if (m.suspect() && !told) {
    if (message.records.size() == member_message::records_max) message.records.pop_back();
    message.records.push_back(m.record);
  }
  send(m.record.node.endpoint, std::move(message));
}

void membership::send_sync(const std::string& endpoint, kind what) {
  auto message = make(what);
  message.records = members_.records();
  send(endpoint, std::move(message));
}

void membership::gossip() {
  gossip_at_ = now_ + options_.gossip_every;
  if (!parts_.gossip) return;
  for (const auto& name : choose(members_.living(), options_.gossip_fan_out)) {
    if (rumours_.empty()) return;
    send(members_.find(name)->record.node.endpoint, make(kind::gossip));
  }
}

void membership::sync_with_one() {
  sync_at_ = now_ + options_.sync_every;
  for (const auto& name : choose(members_.living(), 1)) {
    send_sync(members_.find(name)->record.node.endpoint, kind::sync_request);
  }
}

// Seeds that are no living member, and members that are down: after a partition they are there.
std::vector<std::string> membership::known_endpoints() const {
  auto gone = seeds_;
  std::erase(gone, self_.node.endpoint);
  for (const auto& [name, m] : members_.all()) {
    const auto& endpoint = m.record.node.endpoint;
    const bool known = std::ranges::find(gone, endpoint) != gone.end();
    if (!m.ended()) {
      std::erase(gone, endpoint);
    } else if (!known && m.record.state != member_state::left) {
      gone.push_back(endpoint);
    }
  }
  return gone;
}

void membership::reach_out() {
  const bool alone = members_.living_count() == 0;
  reach_at_ = now_ + (alone ? options_.join_every : options_.reach_every);
  for (const auto& endpoint : choose(known_endpoints(), 1)) {
    send_sync(endpoint, kind::sync_request);
  }
}

std::size_t membership::tellings_max() const {
  return options_.tellings_factor * std::bit_width(members_.living_count() + 1);
}

}  // namespace troupe
