#include "apps/bench/sample_set.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::apps::bench {

double percentile(std::span<const double> sorted, double share) {
  if (sorted.empty()) return 0;
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

sample_set::sample_set(std::size_t kept_max) : kept_max_{kept_max}, from_{1, "reservoir"} {}

// Algorithm R: the n-th number replaces one of those kept with probability kept / n.
void sample_set::add(double value) {
  max_ = count_ == 0 ? value : std::max(max_, value);
  ++count_;
  sum_ += value;
  if (kept_.size() < kept_max_) return kept_.push_back(value);
  const auto place = from_.below(count_);
  if (place < kept_max_) kept_[place] = value;
}

void sample_set::add(const sample_set& other) {
  for (const double value : other.kept_) add(value);
  // What the other set has not kept counts in count, sum and maximum all the same.
  const auto unkept = other.count_ - other.kept_.size();
  if (unkept == 0) return;
  double kept_sum = 0;
  for (const double value : other.kept_) kept_sum += value;
  count_ += unkept;
  sum_ += other.sum_ - kept_sum;
  max_ = std::max(max_, other.max_);
}

std::vector<double> sample_set::sorted() const {
  std::vector<double> values = kept_;
  std::ranges::sort(values);
  return values;
}

distribution sample_set::summary() const {
  if (count_ == 0) return {};
  const std::vector<double> values = sorted();
  return {count_,
          sum_ / static_cast<double>(count_),
          percentile(values, 0.5),
          percentile(values, 0.9),
          percentile(values, 0.99),
          max_};
}

}  // namespace troupe::apps::bench
