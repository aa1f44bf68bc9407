// Whether this processor can run the kernels at all. The kernels pick the best instruction set at
// run time; below the least of them there is no fallback.
#pragma once

namespace troupe::engine::kernels {

// Tells whether the processor has the least instruction set the kernels are compiled for.
bool is_processor_supported();

}  // namespace troupe::engine::kernels
