// How soon a cluster finds a node that is gone, and how often it suspects one that is not.
//
// Simulated time: a network of 0.1 to 0.5 ms, heartbeats every 200 ms, default options.
// Usage: membership_bench [runs], 20 of each loss otherwise and ten pauses for each
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/runtime/membership/member_network.hpp"

namespace {

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::testing;

double ms(time_point::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

struct loss {
  const char* name;
  void (*happens)(member_network& net, std::size_t node);
};

constexpr loss losses[] = {
    {"kill", [](member_network& net, std::size_t node) { net.kill(node); }},
    {"hang", [](member_network& net, std::size_t node) { net.pause(node); }},
    {"cut", [](member_network& net, std::size_t node) { net.isolate(node); }},
};

// Every other node's time from the loss to its `down`.
void detection(std::size_t nodes, const loss& what, std::uint64_t runs) {
  std::vector<double> times;
  std::size_t missed = 0;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    member_network net{{.nodes = nodes,
                        .seed = seed,
                        .check_wire = false,
                        .settle = 3s + std::chrono::milliseconds{seed * 37 % 400}}};
    const auto lost = net.id(nodes - 1);
    const auto since = net.now();
    what.happens(net, nodes - 1);
    net.run(4s);
    const auto before = times.size();
    for (const auto& n : net.notes()) {
      if (n.event.what == membership_event::kind::down && n.event.node.id == lost) {
        times.push_back(ms(n.at - since));
      }
    }
    missed += nodes - 1 - (times.size() - before);
  }
  std::ranges::sort(times);
  std::printf("%5zu  %-5s  %8.0f  %8.0f  %8.0f  %8zu\n", nodes, what.name, times[times.size() / 2],
              times[times.size() * 99 / 100], times.back(), missed);
}

// One node after the other stands still, each about every ten seconds.
void pauses(std::size_t nodes, std::chrono::milliseconds pause, std::size_t rounds) {
  member_network net{{.nodes = nodes, .check_wire = false}};
  std::mt19937_64 random{1};
  const auto since = net.now();
  for (std::size_t i = 0; i < rounds; ++i) {
    const auto node = random() % nodes;
    net.pause(node);
    net.run(pause);
    net.resume(node);
    net.run(std::chrono::milliseconds{10'000 / nodes});
  }
  std::size_t suspected = 0;
  std::size_t down = 0;
  for (const auto& n : net.notes()) {
    suspected += n.event.what == membership_event::kind::suspect;
    down += n.event.what == membership_event::kind::down;
  }
  const double hours = ms(net.now() - since) / 3'600'000 * static_cast<double>(nodes);
  std::printf("%5zu  %7.0f  %6zu  %10.2f  %9.1f  %7.1f\n", nodes, ms(pause), rounds, hours,
              static_cast<double>(suspected) / hours, static_cast<double>(down) / hours);
}

}  // namespace

int main(int argc, char** argv) {
  const auto runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20;
  std::printf("nodes  loss    p50 (ms)  p99 (ms)  max (ms)    missed\n");
  for (const std::size_t nodes : {12, 64}) {
    for (const auto& what : losses) detection(nodes, what, runs);
  }
  std::printf(
      "\n       each                          per node-hour\nnodes  (ms)     pauses  node-hours  "
      "suspected  down\n");
  for (const std::size_t nodes : {12, 64}) {
    for (const auto pause : {300ms, 600ms, 900ms}) pauses(nodes, pause, 10 * runs);
  }
}
