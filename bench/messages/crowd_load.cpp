#include "bench/messages/crowd_load.hpp"

#include <algorithm>

namespace troupe::bench {

bool crowd_clock::done(time_point asked) {
  const auto at = now();
  if (at >= end_) return false;
  if (asked >= begin_) {
    took_us_.push_back(std::chrono::duration<float, std::micro>{at - asked}.count());
  }
  return true;
}

crowd_result crowd_clock::result() {
  if (took_us_.empty()) return {};
  std::sort(took_us_.begin(), took_us_.end());
  const std::chrono::duration<double> took = end_ - begin_;
  return {static_cast<double>(took_us_.size()) / took.count(), took_us_[took_us_.size() / 2],
          took_us_[took_us_.size() * 99 / 100]};
}

}  // namespace troupe::bench
