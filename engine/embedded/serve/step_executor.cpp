#include "engine/embedded/serve/step_executor.hpp"

#include <sys/mman.h>

namespace troupe::engine {

void forward_executor::release_memory() {
  // The arena is one private mapping: its pages come back as zeros when they are next touched.
  const auto bytes = std::size_t{arena_.blocks()} * arena_.layout().block_bytes();
  ::madvise(arena_.block(0), bytes, MADV_DONTNEED);
}

}  // namespace troupe::engine
