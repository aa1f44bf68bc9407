#include "bench/messages/report.hpp"

#include <algorithm>
#include <cstdio>

namespace troupe::bench {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

std::vector<double> ratios(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> result;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (theirs[i] > 0) result.push_back(ours[i] / theirs[i]);
  }
  return result;
}

bool is_compared(const measured_contestant& ours, const measured_contestant& peer) {
  if (ours.is_peer) return false;
  return ours.compared_with.empty() ? peer.is_peer : peer.name == ours.compared_with;
}

// Calls `see` with the numbers of each of ours and each peer.
void each_pair(const message_rates& all, auto see) {
  for (std::size_t ours = 0; ours < all.contestants.size(); ++ours) {
    for (std::size_t peer = 0; peer < all.contestants.size(); ++peer) {
      if (is_compared(all.contestants[ours], all.contestants[peer])) see(ours, peer);
    }
  }
}

std::string pair_name(const message_rates& all, std::size_t ours, std::size_t peer) {
  return all.contestants[ours].name + "/" + all.contestants[peer].name;
}

void print_ratio(const std::vector<double>& ratios) {
  if (ratios.empty()) return;
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  char range[40];
  std::snprintf(range, sizeof(range), "%.2f (%.2f-%.2f)", median(ratios), *least, *most);
  std::printf(" %21s", range);
}

}  // namespace

void print_table(const message_rates& all) {
  std::printf("%-22s", "thousands a second");
  for (const auto& who : all.contestants) std::printf(" %12s", who.name.c_str());
  for (std::size_t load = 0; load < all.loads.size(); ++load) {
    std::printf("\n%-22s", all.loads[load].name.c_str());
    for (const auto& rates : all.rates) std::printf(" %12.1f", median(rates[load]) / 1'000);
  }
  std::printf("\n%-22s", "median (range)");
  each_pair(all, [&](std::size_t ours, std::size_t peer) {
    std::printf(" %21s", pair_name(all, ours, peer).c_str());
  });
  for (std::size_t load = 0; load < all.loads.size(); ++load) {
    std::printf("\n%-22s", all.loads[load].name.c_str());
    each_pair(all, [&](std::size_t ours, std::size_t peer) {
      print_ratio(ratios(all.rates[ours][load], all.rates[peer][load]));
    });
  }
  std::printf("\n");
}

void print_json(const message_rates& all) {
  std::printf("{");
  for (std::size_t load = 0; load < all.loads.size(); ++load) {
    std::printf("%s\"%s\":{", load == 0 ? "" : ",", all.loads[load].name.c_str());
    for (std::size_t who = 0; who < all.contestants.size(); ++who) {
      std::printf("%s\"%s\":%.0f", who == 0 ? "" : ",", all.contestants[who].name.c_str(),
                  median(all.rates[who][load]));
    }
    each_pair(all, [&](std::size_t ours, std::size_t peer) {
      std::printf(",\"%s\":%.3f", pair_name(all, ours, peer).c_str(),
                  median(ratios(all.rates[ours][load], all.rates[peer][load])));
    });
    std::printf("}");
  }
  std::printf("}\n");
}

}  // namespace troupe::bench
