#include "engine/embedded/model/kernels/processor.hpp"

#include "engine/embedded/model/kernels/targets.hpp"

#include <hwy/targets.h>

namespace troupe::engine::kernels {

bool is_processor_supported() {
  return (hwy::SupportedTargets() & HWY_TARGETS) != 0;
}

}  // namespace troupe::engine::kernels
