#include "actors/router/weighted_rotation.hpp"

#include "runtime/assert.hpp"

namespace troupe::actors {

std::size_t weighted_rotation::next(std::span<const rotation_seat> seats) {
  TROUPE_ASSERT(!seats.empty());
  std::int64_t earned = 0;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < seats.size(); ++i) {
    const auto& seat = seats[i];
    if (seat.number >= credits_.size()) credits_.resize(seat.number + 1);
    credits_[seat.number] += seat.weight;
    earned += seat.weight;
    if (credits_[seat.number] > credits_[seats[chosen].number]) chosen = i;
  }
  credits_[seats[chosen].number] -= earned;
  return chosen;
}

void weighted_rotation::forget(std::uint32_t number) {
  if (number < credits_.size()) credits_[number] = 0;
}

}  // namespace troupe::actors
