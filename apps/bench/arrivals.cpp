#include "apps/bench/arrivals.hpp"

#include <cmath>

namespace troupe::apps::bench {

std::chrono::nanoseconds arrivals::next() {
  if (kind_ == arrival_kind::fixed) {
    seconds_ = static_cast<double>(count_++) / per_second_;
  } else {
    seconds_ += from_.exponential(1 / per_second_);
  }
  return std::chrono::nanoseconds{std::llround(seconds_ * 1e9)};
}

}  // namespace troupe::apps::bench
