#include "bench/messages/report.hpp"

#include <algorithm>
#include <cstdio>

namespace troupe::bench {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// Ours to another, each repeat by itself: what slows the machine slows both.
std::vector<double> ratios(const message_rates& all, std::size_t other, std::size_t load) {
  std::vector<double> result;
  const auto& ours = all.rates.back()[load];
  const auto& theirs = all.rates[other][load];
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (theirs[i] > 0) result.push_back(ours[i] / theirs[i]);
  }
  return result;
}

void print_ratio(const std::vector<double>& ratios) {
  if (ratios.empty()) return;
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  std::printf("  %5.2f (%.2f-%.2f)", median(ratios), *least, *most);
}

}  // namespace

void print_table(const message_rates& all) {
  std::printf("%-22s", "thousands a second");
  for (const auto& name : all.contestants) std::printf(" %10s", name.c_str());
  for (std::size_t other = 0; other + 1 < all.contestants.size(); ++other) {
    std::printf("  %17s", (all.contestants.back() + "/" + all.contestants[other]).c_str());
  }
  std::printf("\n");
  for (std::size_t load = 0; load < all.loads.size(); ++load) {
    std::printf("%-22s", all.loads[load].name.c_str());
    for (const auto& rates : all.rates) std::printf(" %10.1f", median(rates[load]) / 1'000);
    for (std::size_t other = 0; other + 1 < all.contestants.size(); ++other) {
      print_ratio(ratios(all, other, load));
    }
    std::printf("\n");
  }
}

void print_json(const message_rates& all) {
  std::printf("{");
  for (std::size_t load = 0; load < all.loads.size(); ++load) {
    std::printf("%s\"%s\":{", load == 0 ? "" : ",", all.loads[load].name.c_str());
    for (std::size_t who = 0; who < all.contestants.size(); ++who) {
      std::printf("%s\"%s\":%.0f", who == 0 ? "" : ",", all.contestants[who].c_str(),
                  median(all.rates[who][load]));
    }
    for (std::size_t other = 0; other + 1 < all.contestants.size(); ++other) {
      std::printf(",\"%s/%s\":%.3f", all.contestants.back().c_str(), all.contestants[other].c_str(),
                  median(ratios(all, other, load)));
    }
    std::printf("}");
  }
  std::printf("}\n");
}

}  // namespace troupe::bench
