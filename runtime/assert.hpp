// TROUPE_ASSERT: our own bugs end here, in release builds too; the supervisor of the process
// restarts.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace troupe {

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "troupe: assertion failed: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace troupe

#define TROUPE_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::troupe::assertion_failed(#condition, __FILE__, __LINE__))
