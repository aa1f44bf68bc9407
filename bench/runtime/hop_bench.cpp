// What one actor hop costs on our scheduler and on CAF's default one, and what a deadline costs.
//
// Prints `name value unit n spread` lines: medians of n repeats, spread = (max - min) / median.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "runtime/clock.hpp"
#include "runtime/io_scheduler.hpp"

namespace {

constexpr int repeats = 5;
constexpr int hops = 200'000;
constexpr int timers = 100'000;

double report(const std::string& name, std::vector<double> ns) {
  std::sort(ns.begin(), ns.end());
  const auto median = ns[ns.size() / 2];
  std::printf("%s %.1f ns %zu %.2f\n", name.c_str(), median, ns.size(),
              (ns.back() - ns.front()) / median);
  return median;
}

caf::behavior bouncer(caf::event_based_actor* self, std::promise<void>* done) {
  return {[self, done](const caf::actor& peer, int left) {
    if (left > 0) {
      self->send(peer, caf::actor{self}, left - 1);
      return;
    }
    done->set_value();
  }};
}

// Two actors pass a message back and forth; wall time per hop.
double hop_ns(caf::actor_system& system) {
  std::promise<void> done;
  auto end = done.get_future();
  auto a = system.spawn(bouncer, &done);
  auto b = system.spawn(bouncer, &done);
  const auto start = troupe::now();
  caf::anon_send(a, b, hops);
  end.wait();
  const std::chrono::duration<double, std::nano> took = troupe::now() - start;
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b, caf::exit_reason::user_shutdown);
  return took.count() / hops;
}

// One actor arms a 30 s deadline and cancels it, on its own thread; wall time per pair.
double arm_and_cancel_ns(caf::actor_system& system) {
  std::promise<double> result;
  auto end = result.get_future();
  system.spawn([&result](caf::event_based_actor* self) {
    auto& clock = self->clock();
    const auto start = troupe::now();
    for (int i = 1; i <= timers; ++i) {
      const auto id = caf::make_message_id(static_cast<std::uint64_t>(i)).response_id();
      clock.set_request_timeout(clock.now() + std::chrono::seconds{30}, self, id);
      clock.cancel_request_timeout(self, id);
    }
    const std::chrono::duration<double, std::nano> took = troupe::now() - start;
    result.set_value(took.count() / timers);
  });
  return end.get();
}

template <class F>
std::vector<double> repeat(caf::actor_system& system, F f) {
  std::vector<double> all;
  for (int i = 0; i < repeats; ++i) all.push_back(f(system));
  return all;
}

}  // namespace

int main() {
  caf::actor_system_config ours_config;
  troupe::load_io_scheduler(ours_config, 1);
  caf::actor_system ours{ours_config};
  caf::actor_system_config stock_config;
  caf::actor_system stock{stock_config};
  const auto ours_hop = report("hop_io_scheduler", repeat(ours, hop_ns));
  const auto stock_hop = report("hop_caf_default", repeat(stock, hop_ns));
  std::printf("hop_ratio %.2f x %d 0\n", stock_hop / ours_hop, repeats);
  const auto ours_arm = report("arm_cancel_io_clock", repeat(ours, arm_and_cancel_ns));
  const auto stock_arm = report("arm_cancel_caf_clock", repeat(stock, arm_and_cancel_ns));
  std::printf("arm_cancel_ratio %.2f x %d 0\n", stock_arm / ours_arm, repeats);
}
