#include "actors/stream/token_bucket.hpp"

#include <algorithm>
#include <limits>

namespace troupe::actors {

namespace {

// No debt outlasts a day, whatever an engine says it used.
constexpr double cost_ns_max = 86'400e9;

std::int64_t ns_of(time_point at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

}  // namespace

token_bucket::token_bucket(double per_second, double burst)
    : ns_per_unit_{per_second > 0 ? 1e9 / per_second : 0},
      burst_{burst},
      full_at_ns_{std::numeric_limits<std::int64_t>::min()} {}

std::int64_t token_bucket::cost_of(double amount) const {
  return static_cast<std::int64_t>(std::clamp(amount * ns_per_unit_, -cost_ns_max, cost_ns_max));
}

std::chrono::nanoseconds token_bucket::take(time_point now, double amount) {
  if (ns_per_unit_ == 0) return {};
  const auto at = ns_of(now);
  const auto cost = cost_of(std::min(amount, burst_));
  const auto most = at + cost_of(burst_);
  auto full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const auto then = std::max(full_at, at) + cost;
    if (then > most) return std::chrono::nanoseconds{then - most};
    if (full_at_ns_.compare_exchange_weak(full_at, then, std::memory_order_relaxed)) return {};
  }
}

void token_bucket::charge(time_point now, double amount) {
  if (ns_per_unit_ == 0) return;
  const auto at = ns_of(now);
  auto full_at = full_at_ns_.load(std::memory_order_relaxed);
  const auto after = [&] {
    return std::min(std::max(full_at, at) + cost_of(amount),
                    at + static_cast<std::int64_t>(cost_ns_max));
  };
  while (!full_at_ns_.compare_exchange_weak(full_at, after(), std::memory_order_relaxed)) {
  }
}

double token_bucket::level(time_point now) const {
  if (ns_per_unit_ == 0) return burst_;
  const auto at = ns_of(now);
  const auto full_at = std::max(full_at_ns_.load(std::memory_order_relaxed), at);
  return burst_ - static_cast<double>(full_at - at) / ns_per_unit_;
}

}  // namespace troupe::actors
