// How often and how fast children are restarted: OTP's intensity and period, and back-off.
//
// Pure: times and jitter come in. OTP counts whole seconds; here a restart is in the period if it
// is not older than the period, to the nanosecond.
//
// Bounds: remembers restarts_max + 1 restarts.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "runtime/clock.hpp"
#include "runtime/supervisor_policy.hpp"

namespace troupe {

// The restarts of one supervisor within its period.
class restart_window {
 public:
  // Notes a restart; false if it is one too many, so that the supervisor gives up.
  bool add(time_point now, const supervisor_policy& policy);

 private:
  std::deque<time_point> restarts_;
};

// Returns how long the next restart waits after `failures` in a row; `jitter` is in [0, 1).
std::chrono::nanoseconds back_off(const supervisor_policy& policy, std::uint32_t failures,
                                  double jitter);

}  // namespace troupe
