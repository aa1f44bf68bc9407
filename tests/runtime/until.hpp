// Waiting for what other threads do.
#pragma once

#include <functional>
#include <thread>

#include "runtime/clock.hpp"
#include "tests/runtime/worlds.hpp"

namespace troupe::testing {

// Returns whether the condition came to hold within `patience`.
inline bool until(const std::function<bool()>& is_so) {
  const auto end = now() + patience;
  while (!is_so()) {
    if (now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace troupe::testing
