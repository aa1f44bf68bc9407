// What is measured: messages one way under a window, or requests of which so many are in flight.
//
// One way, batches of messages are sent and the last of each is acknowledged; window_batches are on
// their way. So nothing piles up without bound, and nobody waits for single messages.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/clock.hpp"

namespace troupe::bench {

struct message_load {
  static constexpr std::uint64_t window_batches = 4;

  std::string name;
  std::size_t payload_bytes = 0;
  std::uint64_t in_flight = 0;  // requests; 0: one way

  bool one_way() const { return in_flight == 0; }

  // Returns the messages of a batch: about 1 MiB, at least 16.
  std::uint64_t batch() const;
};

// Returns the loads: each pattern at 64 B, 1 kB and 64 kB.
std::vector<message_load> message_loads();

// Counts what came back within a time: first to warm up, then what counts.
class load_clock {
 public:
  static constexpr std::chrono::milliseconds warm_up{100};
  static constexpr std::chrono::milliseconds measured{400};

  // Takes so many messages as done; returns whether to send as many again.
  bool done(std::uint64_t messages) {
    const auto at = now();
    if (at < begin_) return true;
    if (at >= end_) return false;
    if (first_ == time_point{}) {
      first_ = at;
    } else {
      count_ += messages;
      seen_ = at;
    }
    return true;
  }

  // Returns messages per second.
  double rate() const;

 private:
  time_point begin_ = now() + warm_up;
  time_point end_ = begin_ + measured;
  time_point first_{};
  time_point seen_{};
  std::uint64_t count_ = 0;
};

}  // namespace troupe::bench
