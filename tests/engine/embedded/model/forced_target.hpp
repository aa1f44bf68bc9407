// Runs the kernels on a chosen instruction set, so that a test can compare all this machine has.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/embedded/model/kernels/targets.hpp"

#include <hwy/targets.h>

namespace troupe::engine {

// The instruction sets that are compiled in and run here, the best first.
inline std::vector<std::int64_t> available_targets() {
  return hwy::SupportedAndGeneratedTargets();
}

// While it lives, the kernels use this instruction set.
class forced_target {
 public:
  explicit forced_target(std::int64_t target) { force(target); }
  ~forced_target() { force(0); }
  forced_target(const forced_target&) = delete;
  forced_target& operator=(const forced_target&) = delete;

 private:
  static void force(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

}  // namespace troupe::engine
