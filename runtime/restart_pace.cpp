#include "runtime/restart_pace.hpp"

#include <algorithm>

namespace troupe {

bool restart_window::add(time_point now, const supervisor_policy& policy) {
  restarts_.push_back(now);
  while (restarts_.front() + policy.period < now) restarts_.pop_front();
  return restarts_.size() <= policy.restarts_max;
}

std::chrono::nanoseconds back_off(const supervisor_policy& policy, std::uint32_t failures,
                                  double jitter) {
  constexpr std::uint32_t doublings_max = 30;
  const std::chrono::nanoseconds first{policy.backoff_min};
  const std::chrono::nanoseconds last{policy.backoff_max};
  const auto factor = std::int64_t{1} << std::min(failures, doublings_max);
  const auto full = first.count() > last.count() / factor ? last : first * factor;
  // Half of it for certain, half of it spread, so that siblings do not come back in step.
  const auto spread = 0.5 + 0.5 * std::clamp(jitter, 0.0, 1.0);
  return std::chrono::nanoseconds{
      static_cast<std::int64_t>(static_cast<double>(full.count()) * spread)};
}

}  // namespace troupe
