// The one place that reads a clock. Logic takes its time as an argument; edges call these.
#pragma once

#include <chrono>

namespace troupe {

using time_point = std::chrono::steady_clock::time_point;

// Monotonic time, for durations and deadlines.
time_point now();

// Seconds since the Unix epoch, for what leaves the process (`created`, log lines, events).
double unix_seconds();

}  // namespace troupe
