#include "transport/zmq/unread_budget.hpp"

#include <algorithm>

namespace troupe::transport::zmq {

namespace {

constexpr std::uint64_t counted_bytes_min = 64 * 1024;  // of those that count for the total

}  // namespace

// What was told before is of this one, or of one that went without a word: then it is lenient.
void unread_budget::opened(int connection) {
  auto& one = connections_[connection];
  if (one.is_opened) one = {};
  one.is_opened = true;
}

void unread_budget::delivered(int connection) {
  ++messages_;
  if (connection >= 0) connections_[connection].has_delivered = true;
}

void unread_budget::measure(const counter& came) {
  for (auto at = connections_.begin(); at != connections_.end();) {
    auto& [number, one] = *at;
    const auto bytes = came(number);
    if (!bytes) {
      at = connections_.erase(at);
      continue;
    }
    if (one.has_delivered || *bytes < one.base) one.base = *bytes;
    one.has_delivered = false;
    one.unread = *bytes - one.base;
    ++at;
  }
  suspects_ = 0;
  const auto most = bound();
  for (auto& [number, one] : connections_) {
    if (one.unread < most) {
      one.suspected_at.reset();
      continue;
    }
    if (!one.suspected_at) one.suspected_at = messages_;
    ++suspects_;
  }
}

std::uint64_t unread_budget::bound() const {
  std::uint64_t total = 0;
  std::uint64_t holders = 0;
  for (const auto& [number, one] : connections_) {
    if (one.unread < counted_bytes_min) continue;
    total += one.unread;
    ++holders;
  }
  if (total <= bounds_.total_bytes_max) return bounds_.connection_bytes_max;
  return std::min(bounds_.connection_bytes_max, total / holders);
}

std::vector<int> unread_budget::judge(bool all_were_read) {
  std::vector<int> over;
  for (const auto& [number, one] : connections_) {
    if (!one.suspected_at || one.has_delivered) continue;
    if (all_were_read || messages_ - *one.suspected_at > connections_.size()) {
      over.push_back(number);
    }
  }
  for (const auto number : over) connections_.erase(number);
  suspects_ -= over.size();
  return over;
}

}  // namespace troupe::transport::zmq
