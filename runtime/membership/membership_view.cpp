// What a node believes: records learnt, suspicions, verdicts, the fence.
#include <cstdint>
#include <limits>

#include "runtime/membership/membership.hpp"

namespace troupe {

using news = membership_event::kind;

void membership::learn(const member_record& record) {
  const auto& name = record.node.id.name;
  if (name == self_.node.id.name) return learn_of_self(record);
  auto* m = members_.find(name);
  if (m == nullptr) {
    m = members_.add(record, now_);
    if (m != nullptr) apply(*m, record, false);
    return;
  }
  const bool same_life = record.node.id == m->record.node.id;
  const bool newer = parts_.incarnations ? supersedes(record, m->record) : record != m->record;
  if (newer) {
    // Our own verdict outlives what others still believe, until they share it.
    if (!m->unsaid || !same_life || ended(record.state)) apply(*m, record, true);
  } else if (same_life && m->suspect() && record.state == member_state::suspect &&
             record.refutation == m->record.refutation) {
    accuse(*m, record.accuser);
  }
}

void membership::apply(member& m, const member_record& record, bool known) {
  const auto before = m.record;
  const bool new_life = !known || record.node.id != before.node.id;
  const bool lived = known && !m.ended();
  if (new_life && lived) report(news::down, before.node);
  const bool was_there = lived && !new_life;
  const bool was_suspect = was_there && m.suspect();
  m.record = record;
  m.unsaid = false;
  m.challenge = 0;
  m.accusers.clear();
  if (new_life) {
    m.lost = false;
    m.heard = now_;
  }
  rumours_.add(record.node.id.name);
  if (ended(record.state)) {
    if (was_there)
      report(record.state == member_state::left ? news::left : news::down, record.node);
    return;
  }
  if (!was_there) report(news::up, record.node);
  const bool was_leaving = was_there && before.leaving;
  if (record.leaving && !was_leaving) report(news::leaving, record.node);
  if (record.state == member_state::up) {
    if (was_suspect) report(news::alive, record.node);
    return;
  }
  m.suspected = now_;
  m.accusers.insert(record.accuser);
  if (!was_suspect) report(news::suspect, record.node);
  if (m.lost || now_ - m.heard > options_.silence) accuse(m, self_.node.id.name);
}

void membership::learn_of_self(const member_record& record) {
  auto& own = self_.node.id.incarnation;
  const auto said = record.node.id.incarnation;
  if (said < own) return;
  // Another has taken the name, or this node's clock is behind that of its earlier life.
  if (said > own) return fence_self(said);
  if (ended(record.state)) {
    if (self_.state != member_state::left) fence_self();
  } else if (record.state == member_state::suspect && record.refutation >= self_.refutation &&
             parts_.refutation) {
    if (record.refutation == std::numeric_limits<std::uint64_t>::max()) return fence_self();
    self_.refutation = record.refutation + 1;
    rumours_.add(self_.node.id.name);
    feel(+1);
  }
}

void membership::suspect(member& m) {
  if (m.ended()) return;
  if (m.suspect()) return accuse(m, self_.node.id.name);
  m.record.state = member_state::suspect;
  m.record.accuser = self_.node.id.name;
  m.accusers = {self_.node.id.name};
  m.suspected = now_;
  rumours_.add(m.record.node.id.name);
  report(news::suspect, m.record.node);
  if (!parts_.suspicion) judge(m);
}

void membership::accuse(member& m, const std::string& accuser) {
  if (!parts_.confirmations || m.accusers.size() > options_.confirmations) return;
  if (!m.accusers.insert(accuser).second) return;
  m.record.accuser = accuser;
  rumours_.add(m.record.node.id.name);
}

void membership::judge_suspects() {
  for (auto& [name, m] : members_.all()) {
    if (!m.suspect() || now_ < m.suspected + suspicion_time(m, options_, confirmers())) continue;
    if (m.heard <= m.suspected) {
      judge(m);
    } else {
      // It lives, and either has not heard of the suspicion or its word has not come here.
      m.suspected = now_;
      ping(m, ++last_sequence_);
    }
  }
}

void membership::judge(member& m) {
  report(news::down, m.record.node);
  if (outnumbered()) {
    m.unsaid = true;
    return;
  }
  m.record.state = member_state::down;
  rumours_.add(m.record.node.id.name);
}

// Whether this node reaches the lesser part of those that should be there.
bool membership::outnumbered() const {
  if (!parts_.majority) return false;
  std::size_t all = 1;
  std::size_t reached = 1;
  std::string least = self_.node.id.name;
  bool least_reached = true;
  for (const auto& [name, m] : members_.all()) {
    if (ended(m.record.state)) continue;
    const bool fresh = !m.unsaid && !m.lost && now_ - m.heard <= options_.fresh_for;
    ++all;
    if (fresh) ++reached;
    if (name < least) {
      least = name;
      least_reached = fresh;
    }
  }
  return 2 * reached < all || (2 * reached == all && !least_reached);
}

}  // namespace troupe
