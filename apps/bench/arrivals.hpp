// When things come that come by themselves: at even steps, or as a Poisson process.
#pragma once

#include <chrono>
#include <cstdint>

#include "apps/bench/random_stream.hpp"
#include "apps/bench/settings.hpp"

namespace troupe::apps::bench {

class arrivals {
 public:
  arrivals(arrival_kind kind, double per_second, random_stream from)
      : kind_{kind}, per_second_{per_second}, from_{from} {}

  // Returns the next time, counted from the start; the first of even steps is 0.
  std::chrono::nanoseconds next();

 private:
  arrival_kind kind_;
  double per_second_;
  random_stream from_;
  std::uint64_t count_ = 0;
  double seconds_ = 0;
};

}  // namespace troupe::apps::bench
