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

double ns_per_unit_at(double per_second) {
  return per_second > 0 ? 1e9 / per_second : 0;
}

}  // namespace

token_bucket::token_bucket(double per_second, double burst)
    : ns_per_unit_{ns_per_unit_at(per_second)},
      burst_{burst},
      full_at_ns_{std::numeric_limits<std::int64_t>::min()} {}

std::int64_t token_bucket::cost_of(double amount) const {
  return static_cast<std::int64_t>(std::clamp(amount * ns_per_unit(), -cost_ns_max, cost_ns_max));
}

std::chrono::nanoseconds token_bucket::take(time_point now, double amount) {
  if (ns_per_unit() == 0) return {};
  const auto at = ns_of(now);
  const auto cost = cost_of(std::min(amount, burst()));
  const auto most = at + cost_of(burst());
  auto full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const auto then = std::max(full_at, at) + cost;
    if (then > most) return std::chrono::nanoseconds{then - most};
    if (full_at_ns_.compare_exchange_weak(full_at, then, std::memory_order_relaxed)) return {};
  }
}

void token_bucket::charge(time_point now, double amount) {
  if (ns_per_unit() == 0) return;
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
  const double ns = ns_per_unit();
  if (ns == 0) return burst();
  const auto at = ns_of(now);
  const auto full_at = std::max(full_at_ns_.load(std::memory_order_relaxed), at);
  return burst() - static_cast<double>(full_at - at) / ns;
}

void token_bucket::set_rate(time_point now, double per_second, double burst) {
  burst_.store(burst, std::memory_order_relaxed);
  const double was_ns = ns_per_unit_.exchange(ns_per_unit_at(per_second));
  if (was_ns == ns_per_unit()) return;
  const auto at = ns_of(now);
  auto full_at = full_at_ns_.load(std::memory_order_relaxed);
  const auto after = [&] {
    const double missing =
        was_ns > 0 ? static_cast<double>(std::max(full_at, at) - at) / was_ns : 0;
    return at + cost_of(missing);
  };
  while (!full_at_ns_.compare_exchange_weak(full_at, after(), std::memory_order_relaxed)) {
  }
}

}  // namespace troupe::actors
