#include "runtime/membership/membership.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe {

using kind = member_message_kind;
using news = membership_event::kind;

membership::membership(node_description self, std::mt19937_64 random, membership_options options,
                       membership_parts parts)
    : self_{.node = std::move(self), .accuser = {}},
      random_{random},
      options_{options},
      parts_{parts} {
  TROUPE_ASSERT(flaw(self_).empty());
}

membership::actions membership::join(std::vector<std::string> seeds, time_point now) {
  seeds_ = std::move(seeds);
  if (seeds_.size() > seeds_max) seeds_.resize(seeds_max);
  now_ = now;
  probe_at_ = gossip_at_ = sync_at_ = reach_at_ = now;
  for (const auto& seed : seeds_) {
    if (seed != self_.node.endpoint) send_sync(seed, kind::sync_request);
  }
  reach_at_ = now + options_.join_every;
  return leave_with();
}

// Others may suspect it meanwhile: a refutation of its own makes the word outlive theirs.
membership::actions membership::announce_leave(time_point now) {
  enter(now);
  if (fenced_ || std::exchange(self_.leaving, true)) return {};
  if (self_.refutation == std::numeric_limits<std::uint64_t>::max()) {
    fence_self();
  } else {
    ++self_.refutation;
    tell_of_self();
  }
  return leave_with();
}

membership::actions membership::leave(time_point now) {
  enter(now);
  if (fenced_) return {};
  self_.state = member_state::left;
  tell_of_self();
  return leave_with();
}

void membership::tell_of_self() {
  rumours_.add(self_.node.id.name);
  gossip();
}

membership::actions membership::connected(const node_id& node, time_point now) {
  return heartbeat(node, now);
}

membership::actions membership::heartbeat(const node_id& node, time_point now) {
  enter(now);
  if (auto* m = alive_target(node)) {
    m->heard = now;
    m->lost = false;
  }
  return {};
}

membership::actions membership::connection_lost(const node_id& node, time_point now) {
  enter(now);
  auto* m = alive_target(node);
  if (!fenced_ && m != nullptr && parts_.connection_loss) {
    m->lost = true;
    suspect(*m);
    if (!m->ended()) start_probe(*m);
  }
  return leave_with();
}

membership::actions membership::tick(time_point now) {
  enter(now);
  if (fenced_) return {};
  advance_probes();
  judge_suspects();
  std::erase_if(relays_, [&](const relay& r) { return r.ends_at <= now_; });
  if (now_ >= probe_at_) probe_next();
  if (now_ >= gossip_at_) gossip();
  if (now_ >= sync_at_) sync_with_one();
  if (now_ >= reach_at_) reach_out();
  return leave_with();
}

std::vector<node_id> membership::living() const {
  std::vector<node_id> ids{self_.node.id};
  for (const auto& [name, m] : members_.all()) {
    if (!m.ended()) ids.push_back(m.record.node.id);
  }
  std::ranges::sort(ids);
  return ids;
}

void membership::enter(time_point now) {
  const bool late = now > deadline_ && now - deadline_ > options_.late_max;
  now_ = now;
  if (late && parts_.own_pauses) forgive(now - deadline_);
}

// Silence that we could not have heard is nobody's.
void membership::forgive(std::chrono::nanoseconds late) {
  const auto shift = std::chrono::duration_cast<time_point::duration>(late);
  for (auto& [name, m] : members_.all()) {
    m.heard = std::min(now_, m.heard + shift);
    if (m.suspect()) m.suspected += shift;
  }
  for (auto& p : probes_) {
    p.indirect_at += shift;
    p.ends_at += shift;
  }
  deadline_ = now_;
  feel(+1);
}

membership::actions membership::leave_with() {
  plan();
  return std::exchange(out_, {});
}

void membership::plan() {
  if (fenced_) {
    deadline_ = time_point::max();
    return;
  }
  auto next = std::min({probe_at_, sync_at_, reach_at_});
  if (!rumours_.empty()) next = std::min(next, gossip_at_);
  for (const auto& p : probes_) next = std::min(next, p.indirect ? p.ends_at : p.indirect_at);
  for (const auto& [name, m] : members_.all()) {
    if (!m.suspect()) continue;
    next = std::min(next, m.suspected + suspicion_time(m, options_, confirmers()));
  }
  // What is due already was left for a reason, and time goes on.
  deadline_ = std::max(next, now_);
}

// How many others could confirm a suspicion.
std::size_t membership::confirmers() const {
  const auto others = members_.living_count();
  return others == 0 ? 0 : others - 1;
}

void membership::report(news what, const node_description& node) {
  out_.events.push_back({what, node});
}

// `latest` is the incarnation of this name that others know, where it is not ours.
void membership::fence_self(std::uint64_t latest) {
  if (std::exchange(fenced_, true)) return;
  auto node = self_.node;
  node.id.incarnation = std::max(node.id.incarnation, latest);
  report(news::fenced, node);
}

void membership::feel(int change) {
  const auto score = static_cast<int>(health_score_) + change;
  health_score_ =
      static_cast<std::uint32_t>(std::clamp(score, 0, static_cast<int>(options_.health_score_max)));
}

// The member of this very incarnation, unless it has ended.
member* membership::alive_target(const node_id& id) {
  auto* m = members_.find(id.name);
  return m != nullptr && m->record.node.id == id && !m->ended() ? m : nullptr;
}

std::vector<std::string> membership::choose(std::vector<std::string> from, std::size_t count) {
  count = std::min(count, from.size());
  for (std::size_t i = 0; i < count; ++i)
    std::swap(from[i], from[i + random_() % (from.size() - i)]);
  from.resize(count);
  return from;
}

}  // namespace troupe
