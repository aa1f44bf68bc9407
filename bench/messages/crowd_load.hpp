// Requests of one process to many actors of another, and how long each takes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/clock.hpp"

namespace troupe::bench {

struct crowd_load {
  std::size_t actors = 1;
  std::size_t in_flight = 1;
  std::chrono::milliseconds warm_up{300};
  std::chrono::milliseconds measured{1'000};
};

struct crowd_result {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double beside_per_second = 0;  // of those who ask a slow actor
};

// Notes when requests were made and answered; those of the warm-up do not count.
class crowd_clock {
 public:
  explicit crowd_clock(const crowd_load& load)
      : begin_{now() + load.warm_up}, end_{begin_ + load.measured} {}

  // Takes a request as answered; returns whether to make another.
  bool done(time_point asked);

  crowd_result result();

 private:
  time_point begin_, end_;
  std::vector<float> took_us_;
};

}  // namespace troupe::bench
