// The whole embedded engine as one process: opens the model, serves its HTTP API, drains on
// SIGTERM.
//
// Thread: call from the main thread; it takes over SIGTERM and SIGINT.
#pragma once

#include "engine/embedded/serve/engine_options.hpp"

namespace troupe::engine {

// Runs until a signal stops it and returns the exit code of the process: 0 after an orderly stop,
// 1 with a logged sentence when model, memory or address cannot be had. Where the environment holds
// TROUPE_READY_FD, writes "ready PORT\n" to that descriptor once requests are taken, and closes it.
int run_engine(const engine_options& options);

}  // namespace troupe::engine
