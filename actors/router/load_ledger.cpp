#include "actors/router/load_ledger.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/assert.hpp"

namespace troupe::actors {

using std::chrono::nanoseconds;

namespace {

constexpr std::chrono::duration<double> average_span{30};

}  // namespace

void load_ledger::add_engine(std::uint32_t slot) {
  if (slot >= engines_.size()) engines_.resize(slot + 1);
  engines_[slot] = engine_entry{};
}

lease_id load_ledger::assign(lease entry) {
  TROUPE_ASSERT(entry.slot < engines_.size());
  const lease_id id{++last_id_};
  settle_average(entry.slot, entry.assigned);
  auto& engine = engines_[entry.slot];
  if (engine.waiting.empty()) engine.front_since = entry.assigned;
  engine.waiting.push_back(id);
  engine.waiting_own_time += entry.own_time;
  entry.waiting = true;
  deadlines_.emplace(entry.deadline, id);
  leases_.emplace(id, std::move(entry));
  return id;
}

// Takes a lease off its engine's queue; the next in it has the engine from now on.
void load_ledger::leave_waiting(lease_id id, const lease& entry, time_point now) {
  auto& engine = engines_[entry.slot];
  const auto at = std::find(engine.waiting.begin(), engine.waiting.end(), id);
  TROUPE_ASSERT(at != engine.waiting.end());
  engine.waiting.erase(at);
  engine.waiting_own_time -= entry.own_time;
  engine.front_since = std::max(engine.front_since, now);
}

bool load_ledger::first_token(lease_id id, nanoseconds ttft, time_point now) {
  const auto found = leases_.find(id);
  if (found == leases_.end() || !found->second.waiting) return false;
  auto& entry = found->second;
  auto& engine = engines_[entry.slot];
  const auto at = std::min(now, entry.assigned + std::max(ttft, nanoseconds{0}));
  const auto free_since = std::max(engine.front_since, entry.assigned);
  if (engine.others == 0) entry.measured = std::max(nanoseconds{0}, nanoseconds{at - free_since});
  leave_waiting(id, entry, at);
  entry.waiting = false;
  ++engine.decoding;
  return true;
}

// A whole answer that is there before its prefill was thought done says that it was thought too
// long; how much of it was prefill nobody tells.
void load_ledger::presume_measured(lease& entry, time_point now) const {
  const auto& engine = engines_[entry.slot];
  if (entry.streamed || !entry.waiting || engine.others != 0) return;
  const auto spent = nanoseconds{now - std::max(engine.front_since, entry.assigned)};
  if (spent.count() > 0 && spent < entry.own_time) entry.measured = spent;
}

std::optional<lease> load_ledger::finish(lease_id id, time_point now) {
  const auto found = leases_.find(id);
  if (found == leases_.end()) return std::nullopt;
  auto entry = std::move(found->second);
  settle_average(entry.slot, now);
  presume_measured(entry, now);
  leases_.erase(found);
  deadlines_.erase({entry.deadline, id});
  if (entry.waiting) {
    leave_waiting(id, entry, now);
  } else {
    --engines_[entry.slot].decoding;
  }
  return entry;
}

std::vector<lease_id> load_ledger::drop_engine(std::uint32_t slot) {
  std::vector<lease_id> dropped;
  for (const auto& [id, entry] : leases_) {
    if (entry.slot == slot) dropped.push_back(id);
  }
  std::sort(dropped.begin(), dropped.end());
  for (const auto id : dropped) {
    const auto found = leases_.find(id);
    deadlines_.erase({found->second.deadline, id});
    leases_.erase(found);
  }
  engines_[slot] = engine_entry{};
  return dropped;
}

std::vector<lease_id> load_ledger::expire(time_point now) {
  std::vector<lease_id> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    expired.push_back(deadlines_.begin()->second);
    finish(expired.back(), now);
  }
  return expired;
}

void load_ledger::report_load(std::uint32_t slot, engine_load load) {
  auto& engine = engines_[slot];
  const auto own = engine.waiting.size() + engine.decoding;
  const auto total = std::uint64_t{load.running} + load.waiting;
  engine.others =
      total > own ? static_cast<std::uint32_t>(std::min<std::uint64_t>(total - own, UINT32_MAX / 2))
                  : 0;
}

std::uint32_t load_ledger::load(std::uint32_t slot) const {
  const auto& engine = engines_[slot];
  return static_cast<std::uint32_t>(engine.waiting.size()) + engine.decoding + engine.others;
}

double load_ledger::average_load(std::uint32_t slot, time_point now) const {
  const auto& engine = engines_[slot];
  const auto own = static_cast<double>(engine.waiting.size()) + engine.decoding;
  const auto age = std::max(nanoseconds{0}, nanoseconds{now - engine.average_at});
  return own + (engine.average - own) * std::exp(-(age / average_span));
}

// Takes the time since the last change into the average; called before each change.
void load_ledger::settle_average(std::uint32_t slot, time_point now) {
  const auto average = average_load(slot, now);
  engines_[slot].average = average;
  engines_[slot].average_at = std::max(engines_[slot].average_at, now);
}

void load_ledger::presume_first_tokens(std::uint32_t slot, time_point now) {
  auto& engine = engines_[slot];
  while (!engine.waiting.empty()) {
    const auto id = engine.waiting.front();
    auto& entry = leases_.at(id);
    const auto ready = std::max(engine.front_since, entry.assigned) + entry.own_time;
    if (entry.streamed || ready > now) return;
    leave_waiting(id, entry, ready);
    entry.waiting = false;
    ++engine.decoding;
  }
}

std::optional<std::uint32_t> load_ledger::slot_of_lease(lease_id id) const {
  const auto found = leases_.find(id);
  return found == leases_.end() ? std::nullopt : std::optional{found->second.slot};
}

std::uint32_t load_ledger::own_load(std::uint32_t slot) const {
  return static_cast<std::uint32_t>(engines_[slot].waiting.size()) + engines_[slot].decoding;
}

nanoseconds load_ledger::waiting_time(std::uint32_t slot, time_point now) {
  presume_first_tokens(slot, now);
  const auto& engine = engines_[slot];
  if (engine.waiting.empty()) return nanoseconds{0};
  const auto front = leases_.at(engine.waiting.front()).own_time;
  const auto run = std::max(nanoseconds{0}, nanoseconds{now - engine.front_since});
  return engine.waiting_own_time - std::min(front, run);
}

}  // namespace troupe::actors
