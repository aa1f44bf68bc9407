// Many actors of one process asked by many others, and slow ones beside fast ones.
//
// crowd_bench [REPEATS]: in each repeat the cases take turns, in new processes each time. Prints
// medians over the repeats of requests a second, of their median and 99th percentile, of what the
// slow ones get answered a second, and what a link costs that is not used.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/messages/child.hpp"
#include "bench/messages/crowd.hpp"

namespace troupe::bench {
namespace {

// What asks beside those that are measured.
struct slow_load {
  std::size_t in_flight = 0;  // none: nobody
  std::chrono::microseconds takes{};
};

struct crowd_case {
  std::string name;
  bool is_raw = false;
  std::size_t peers = 1;
  crowd_load load;
  slow_load beside;
};

std::vector<crowd_case> all_cases() {
  using std::chrono::microseconds;
  const crowd_load many{.actors = 100, .in_flight = 4};
  const crowd_load one{};
  return {{"raw, 16 peers", true, 16, many, {}},
          {"troupe, 16 peers, 100 actors", false, 16, many, {}},
          {"raw, 1 peer", true, 1, one, {}},
          {"troupe, 1 peer", false, 1, one, {}},
          {"troupe, beside handlers of 20 us, 1 waits", false, 1, one, {1, microseconds{20}}},
          {"troupe, beside handlers of 20 us, 512 wait", false, 1, one, {512, microseconds{20}}},
          {"troupe, beside handlers of 1 ms, 1 waits", false, 1, one, {1, microseconds{1'000}}},
          {"troupe, beside handlers of 1 ms, 64 wait", false, 1, one, {64, microseconds{1'000}}}};
}

double next(child& of, const char* who) {
  const auto value = of.next();
  if (value) return *value;
  std::fprintf(stderr, "a %s ended\n", who);
  std::exit(1);
}

crowd_result measure(const crowd_case& c) {
  child server{[&](const child::teller& tell) {
    const auto listening = [&](std::uint16_t port) { tell(port); };
    c.is_raw ? serve_raw(listening) : serve_crowd(c.load.actors, listening);
  }};
  const auto port = static_cast<std::uint16_t>(next(server, "server"));
  std::vector<std::unique_ptr<child>> children;
  if (c.beside.in_flight > 0) {
    children.push_back(std::make_unique<child>([&](const child::teller& tell) {
      auto load = c.load;
      load.in_flight = c.beside.in_flight;
      ask_slow(port, load, c.beside.takes, [&](const crowd_result& got) { tell(got.per_second); });
    }));
  }
  const auto first = children.size();
  for (std::size_t i = 0; i < c.peers; ++i) {
    children.push_back(std::make_unique<child>([&](const child::teller& tell) {
      const auto got = c.is_raw ? ask_raw(port, c.load) : ask_crowd(port, i, c.load);
      for (const auto value : {got.per_second, got.p50_us, got.p99_us}) tell(value);
    }));
  }
  crowd_result all;
  for (auto i = first; i < children.size(); ++i) {
    all.per_second += next(*children[i], "client");
    all.p50_us += next(*children[i], "client") / static_cast<double>(c.peers);
    all.p99_us += next(*children[i], "client") / static_cast<double>(c.peers);
  }
  if (first > 0) all.beside_per_second = next(*children[0], "slow client");
  return all;
}

// Returns what a link that is not used costs a node.
double measure_idle() {
  child server{
      [&](const child::teller& tell) { serve_crowd(1, [&](std::uint16_t port) { tell(port); }); }};
  const auto port = static_cast<std::uint16_t>(next(server, "server"));
  child client{[&](const child::teller& tell) { tell(idle_cost(port)); }};
  return next(client, "client");
}

std::string median_and_range(std::vector<double> values, const char* format) {
  std::sort(values.begin(), values.end());
  char text[64];
  std::snprintf(text, sizeof text, format, values[values.size() / 2], values.front(),
                values.back());
  return text;
}

void print(const std::string& name, const std::vector<crowd_result>& repeats) {
  std::printf("%-44s", name.c_str());
  for (const auto figure : {&crowd_result::per_second, &crowd_result::p50_us, &crowd_result::p99_us,
                            &crowd_result::beside_per_second}) {
    std::vector<double> values;
    for (const auto& one : repeats) values.push_back(one.*figure);
    std::printf(" %24s", median_and_range(values, "%.0f (%.0f-%.0f)").c_str());
  }
  std::printf("\n");
}

int run(int repeats) {
  const auto cases = all_cases();
  std::vector<std::vector<crowd_result>> results(cases.size());
  std::vector<double> idle;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (std::size_t i = 0; i < cases.size(); ++i) results[i].push_back(measure(cases[i]));
    idle.push_back(measure_idle());
  }
  std::printf("%-44s %24s %24s %24s %24s\n", "median (range)", "requests/s", "p50, us", "p99, us",
              "slow requests/s");
  for (std::size_t i = 0; i < cases.size(); ++i) print(cases[i].name, results[i]);
  std::printf("an idle link, ms of processor time a second and node: %s\n",
              median_and_range(idle, "%.2f (%.2f-%.2f)").c_str());
  return 0;
}

}  // namespace
}  // namespace troupe::bench

int main(int count, char** words) {
  return troupe::bench::run_repeats(count, words, "crowd_bench [REPEATS]", troupe::bench::run);
}
