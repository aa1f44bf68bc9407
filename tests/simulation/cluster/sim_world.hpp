// What all of a simulated cluster shares: time, what is due, chance, and the trace.
//
// Thread: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"

namespace troupe::simulation {

using duration = std::chrono::nanoseconds;

// Things that happen at a time; those of one time in the order they were planned.
class event_queue {
 public:
  time_point now() const { return now_; }
  void advance(time_point to) { now_ = to; }

  void at(duration after, std::function<void()> happen) {
    events_.push({now_ + after, ++order_, std::move(happen)});
  }

  // Returns when the next is due.
  time_point next() const { return events_.empty() ? time_point::max() : events_.top().at; }

  // Runs the next if it is due; false if none is.
  bool run_due() {
    if (next() > now_) return false;
    auto happen = events_.top().happen;
    events_.pop();
    happen();
    return true;
  }

 private:
  struct event {
    time_point at;
    std::uint64_t order = 0;
    std::function<void()> happen;

    bool operator<(const event& other) const {
      return std::pair{other.at, other.order} < std::pair{at, order};
    }
  };

  time_point now_{std::chrono::seconds{1'000}};
  std::uint64_t order_ = 0;
  std::priority_queue<event> events_;
};

// All randomness of a run.
class chance {
 public:
  explicit chance(std::uint64_t seed) : engine_{seed} {}

  std::uint64_t number() { return engine_(); }
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool happens(double probability) {
    return static_cast<double>(engine_() >> 11) * 0x1.0p-53 < probability;
  }
  std::chrono::microseconds between(std::chrono::microseconds low, std::chrono::microseconds high) {
    return low +
           std::chrono::microseconds{below(static_cast<std::uint64_t>((high - low).count()) + 1)};
  }

 private:
  std::mt19937_64 engine_;
};

// Everything that happened, as lines; equal runs have equal hashes.
class sim_trace {
 public:
  // Gets each line as it is written, with its time.
  std::function<void(const std::string&)> sink;

  void note(time_point when, const std::string& line);
  std::uint64_t hash() const { return hash_; }

  // What must never be has happened; the first one counts.
  void broken(time_point when, const std::string& what);
  const std::string& violation() const { return violation_; }

 private:
  std::uint64_t hash_ = 0;
  std::string violation_;
};

struct sim_world {
  explicit sim_world(std::uint64_t seed) : random{seed} {}

  void note(const std::string& line) { trace.note(events.now(), line); }
  void broken(const std::string& what) { trace.broken(events.now(), what); }

  event_queue events;
  chance random;
  sim_trace trace;
};

}  // namespace troupe::simulation
