// Multi-round questions in virtual time: hit rate and TTFT of each policy, over ten seeds.
//
// 48 users x 6 rounds at 20 requests/s, a shared 4 kB system prompt, 8 kB of own context, 400 B
// questions, 60-token answers, on 4 engines whose caches hold the working set together and not
// alone.

#include <utility>

#include "bench/router/figure.hpp"
#include "tests/actors/router/cluster_sim.hpp"

namespace {

using troupe::actors::sim::cluster;
using troupe::actors::sim::outcome;
using troupe::actors::sim::workload;
using troupe::config::routing_policy;

constexpr std::uint32_t seeds = 10;

void measure(const std::string& name, cluster with, const workload& load) {
  std::vector<double> hits, means, p99s, shares;
  for (with.seed = 1; with.seed <= seeds; ++with.seed) {
    const auto got = troupe::actors::sim::run(with, load);
    hits.push_back(got.hit_rate);
    means.push_back(got.ttft_mean_s * 1e3);
    p99s.push_back(got.ttft_p99_s * 1e3);
    const auto most = *std::max_element(got.requests.begin(), got.requests.end());
    shares.push_back(static_cast<double>(most) * with.engines / (load.users * load.rounds));
  }
  troupe::bench::print_figure(name + "_hit_rate", hits, "ratio");
  troupe::bench::print_figure(name + "_ttft_mean", means, "ms");
  troupe::bench::print_figure(name + "_ttft_p99", p99s, "ms");
  troupe::bench::print_figure(name + "_worst_engine_share", shares, "x_mean");
}

}  // namespace

int main() {
  constexpr std::uint64_t cache_tokens = 40'000;
  const std::pair<const char*, routing_policy> policies[] = {
      {"round_robin", routing_policy::round_robin},
      {"least_loaded", routing_policy::least_loaded},
      {"prefix", routing_policy::prefix}};
  for (const auto& [name, policy] : policies) {
    measure(name, {.policy = policy, .cache_tokens = cache_tokens}, {});
  }
  measure("prefix_capacity_unknown", {.cache_tokens = cache_tokens, .capacity_known = false}, {});
  measure("prefix_one_at_a_time", {.cache_tokens = cache_tokens}, {.one_at_a_time = true});
}
