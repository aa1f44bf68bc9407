#include "runtime/clock.hpp"

namespace troupe {

time_point now() {
  return std::chrono::steady_clock::now();
}

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace troupe
