// Forks and runs programs on one thread that lives as long as the process.
//
// PR_SET_PDEATHSIG fires when the thread that forked ends, not the process: so no thread that may
// end early forks. It also keeps the cost of fork, which grows with our memory, off the I/O
// threads.
//
// Thread: any; the answer comes on the spawner's thread. Bounds: one request at a time is carried
// out, others wait.
// Errors: io_error naming the program and the system's reason.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <caf/expected.hpp>

namespace troupe {

// File descriptors are the receiver's to close.
struct spawned_process {
  int pid = 0;
  int pid_fd = -1;    // readable when the process has ended
  int ready_fd = -1;  // what it writes to the descriptor named by TROUPE_READY_FD
};

struct spawn_request {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // KEY=VALUE, over ours
  std::function<void(caf::expected<spawned_process>)> on_result;
};

// Starts a program as described in child_process.hpp.
void spawn_process(spawn_request request);

// Kills and reaps a process nobody wants any more; blocks until that is done.
void discard(const spawned_process& process);

}  // namespace troupe
