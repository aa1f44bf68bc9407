// Which actors' handlers took long lately, so that these run one message at a time.
//
// Others then wait for one of their messages and not for several. Thread: one.
// Bounds: so many places; who shares a place shares the verdict until the next one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace troupe {

class slow_jobs {
 public:
  bool contains(const void* job) const { return places_[place_of(job)] == job; }

  void insert(const void* job) { places_[place_of(job)] = job; }

  void erase(const void* job) {
    if (contains(job)) places_[place_of(job)] = nullptr;
  }

 private:
  static constexpr std::size_t places = 64;

  static std::size_t place_of(const void* job) {
    return (reinterpret_cast<std::uintptr_t>(job) * 0x9e37'79b9'7f4a'7c15ULL) >> 58;
  }

  std::array<const void*, places> places_{};
};

}  // namespace troupe
