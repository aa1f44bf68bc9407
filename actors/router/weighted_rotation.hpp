// Takes turns among engines in proportion to their weights, and evenly spread in time.
//
// Smooth weighted round robin: in each turn every seat earns its weight, the richest is chosen and
// pays what all earned. Seats may differ from turn to turn; what a seat has earned stays with it.
//
// Thread: confined. Bounds: one number for each seat ever named.
// Source: the algorithm of nginx's upstream balancer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::actors {

// One who may be chosen.
struct rotation_seat {
  std::uint32_t number = 0;  // stays the same from turn to turn
  std::uint32_t weight = 1;
};

class weighted_rotation {
 public:
  // Chooses one of the seats, at least one, and returns its index.
  std::size_t next(std::span<const rotation_seat> seats);

  // Forgets what a seat has earned: its number goes to another.
  void forget(std::uint32_t number);

 private:
  std::vector<std::int64_t> credits_;  // by number
};

}  // namespace troupe::actors
