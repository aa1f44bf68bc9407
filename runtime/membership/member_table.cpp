#include "runtime/membership/member_table.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

std::chrono::nanoseconds suspicion_time(const member& m, const membership_options& options,
                                        std::size_t confirmations_possible) {
  using seconds = std::chrono::duration<double>;
  const seconds most = m.lost ? options.lost_suspicion_max : options.suspicion_max;
  const seconds least = m.lost ? options.lost_suspicion_min : options.suspicion_min;
  const auto wanted = std::min(options.confirmations, confirmations_possible);
  const auto seen = m.accusers.empty() ? 0 : std::min(m.accusers.size() - 1, wanted);
  const double share =
      wanted == 0 ? 1.0
                  : std::log1p(static_cast<double>(seen)) / std::log1p(static_cast<double>(wanted));
  return std::chrono::duration_cast<std::chrono::nanoseconds>(most - (most - least) * share);
}

member* member_table::find(const std::string& name) {
  const auto it = members_.find(name);
  return it == members_.end() ? nullptr : &it->second;
}

member* member_table::add(const member_record& record, time_point now) {
  const bool full = members_.size() >= member_limits::members_max;
  if (full && (ended(record.state) || !make_room())) return nullptr;
  auto& added = members_[record.node.id.name];
  added.record = record;
  added.heard = now;
  return &added;
}

bool member_table::make_room() {
  auto oldest = members_.end();
  for (auto it = members_.begin(); it != members_.end(); ++it) {
    if (!ended(it->second.record.state)) continue;
    if (oldest == members_.end() || it->second.heard < oldest->second.heard) oldest = it;
  }
  if (oldest == members_.end()) return false;
  members_.erase(oldest);
  return true;
}

std::vector<std::string> member_table::living() const {
  std::vector<std::string> names;
  for (const auto& [name, m] : members_) {
    if (!m.ended()) names.push_back(name);
  }
  return names;
}

std::size_t member_table::living_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(members_, [](const auto& entry) { return !entry.second.ended(); }));
}

std::vector<member_record> member_table::records() const {
  std::vector<member_record> all;
  for (const auto& [name, m] : members_) all.push_back(m.record);
  return all;
}

}  // namespace troupe
