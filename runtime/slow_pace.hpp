// When slow actors may run beside others on one loop: once a turn has passed that found nothing.
//
// What came while a slow actor ran is thus read, answered and sent before the next one runs. Under
// endless load slow actors keep a share: they run again once others had `slow_wait_ratio` times
// what they took, but not before the second turn has passed. Pure. Thread: one.
#pragma once

#include <algorithm>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/drain_budget.hpp"

namespace troupe {

class slow_pace {
 public:
  explicit slow_pace(const drain_budget& budget) : budget_{budget} {}

  // Another handler of the loop has run.
  void other_ran() { is_quiet_ = false; }

  // Tells whether slow actors may run; asked once a turn while one waits.
  bool may_run(time_point at) {
    const bool was_quiet = std::exchange(is_quiet_, true);
    switch (turns_++) {
      case 0:
        return false;  // what came since they ran last stands behind the one who asks
      case 1:
        return was_quiet;
      default:
        return was_quiet || at >= due_;
    }
  }

  void ran(time_point from, time_point to) {
    turns_ = 0;
    due_ = to + std::min<time_point::duration>(budget_.slow_wait_ratio * (to - from),
                                               budget_.slow_wait_max);
  }

 private:
  drain_budget budget_;
  time_point due_{};
  int turns_ = 0;  // since they ran last
  bool is_quiet_ = true;
};

}  // namespace troupe
