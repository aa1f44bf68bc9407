// A rate with a burst: so much a second, and up to so much at once after a rest.
//
// Pure: the time comes in. Holds one number, the time at which the bucket will be full again (the
// generic cell rate algorithm), so that all I/O threads may share it without a lock.
// Thread: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "runtime/clock.hpp"

namespace troupe::actors {

class token_bucket {
 public:
  // A full bucket. A rate of 0 is no limit.
  token_bucket(double per_second, double burst);

  // Takes so much, or nothing where it is not there; then returns how long until it will be. What
  // is more than the burst counts as the burst here: charge the rest when it is known.
  std::chrono::nanoseconds take(time_point now, double amount);

  // Takes so much whether it is there or not; negative amounts are given back.
  void charge(time_point now, double amount);

  // What is there; negative where more was charged.
  double level(time_point now) const;

  // What is there after a rest.
  double burst() const { return burst_.load(std::memory_order_relaxed); }

  // Goes on at another rate; what has been taken stays taken. Who takes at the same moment may
  // still be counted at the old one.
  void set_rate(time_point now, double per_second, double burst);

 private:
  std::int64_t cost_of(double amount) const;

  double ns_per_unit() const { return ns_per_unit_.load(std::memory_order_relaxed); }

  std::atomic<double> ns_per_unit_;
  std::atomic<double> burst_;
  std::atomic<std::int64_t> full_at_ns_{0};
};

}  // namespace troupe::actors
