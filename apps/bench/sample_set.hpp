// Numbers of which percentiles are wanted.
//
// Exact up to `kept_max` numbers; beyond that what is kept is a uniform sample of all, while count,
// mean and maximum stay exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/bench/random_stream.hpp"

namespace troupe::apps::bench {

struct distribution {
  std::uint64_t count = 0;
  double mean = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double max = 0;
};

// Returns the value below which so large a share of the sorted numbers lies, interpolated linearly
// between the two nearest; 0 where there are none.
double percentile(std::span<const double> sorted, double share);

class sample_set {
 public:
  static constexpr std::size_t kept_default = 4'000'000;

  explicit sample_set(std::size_t kept_max = kept_default);

  void add(double value);  // notes a number

  // Notes all of another set.
  void add(const sample_set& other);

  std::uint64_t count() const { return count_; }
  bool is_sampled() const { return count_ > kept_.size(); }
  distribution summary() const;

  // Returns what is kept, sorted.
  std::vector<double> sorted() const;

 private:
  std::size_t kept_max_;
  std::vector<double> kept_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  double max_ = 0;
  random_stream from_;
};

}  // namespace troupe::apps::bench
