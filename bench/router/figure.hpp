// One figure of a bench: the median of its repeats, printed as `name value unit n spread`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace troupe::bench {

// Returns the q-quantile of the samples, which it sorts.
inline double quantile(std::vector<double>& samples, double q) {
  std::sort(samples.begin(), samples.end());
  return samples[std::min(samples.size() - 1,
                          static_cast<std::size_t>(q * static_cast<double>(samples.size())))];
}

// Prints median and range over repeats.
inline void print_figure(const std::string& name, std::vector<double> repeats, const char* unit) {
  const double median = quantile(repeats, 0.5);
  std::printf("%s %.4g %s %zu %.4g-%.4g\n", name.c_str(), median, unit, repeats.size(),
              repeats.front(), repeats.back());
  std::fflush(stdout);
}

}  // namespace troupe::bench
