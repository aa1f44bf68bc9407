// A child OS process owned by an I/O thread: started, watched, ended; never orphaned.
//
// The child gets its own process group, /dev/null as stdin, our stdout and stderr, no other file
// descriptor but TROUPE_READY_FD, to which it writes the one line `ready PORT\n` when it can be
// used. It is killed by the kernel when we die, however we die (PR_SET_PDEATHSIG; the signal is
// bound to the forking thread, so one thread that lives as long as the process does all forking).
//
// Thread: constructed, used and destroyed on its I/O thread; callbacks come there.
// Bounds: the readiness line has at most 64 bytes.
// Errors: what cannot be started ends like what died: on_exit says why.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

class io_thread;

// How a process ended, for people and for decisions.
struct exit_status {
  enum class how { exited, signalled, not_started };
  how what = how::exited;
  int code = 0;      // exit code or signal number
  std::string text;  // "exit code 3", "killed by signal 9 (KILL)", "cannot run ./x: No such file …"

  bool clean() const { return what == how::exited && code == 0; }
};

struct child_process_spec {
  std::vector<std::string> argv{};         // argv[0]: a path, or a name looked up in PATH
  std::vector<std::string> environment{};  // KEY=VALUE, added to ours
};

struct child_process_events {
  // The child wrote its readiness line; once at most.
  std::function<void(std::uint16_t port)> on_ready{};

  // The child has ended and is reaped, or could not be started; once, the last call.
  std::function<void(const exit_status&)> on_exit{};
};

class child_process {
 public:
  child_process(io_thread& home, child_process_spec spec, child_process_events events);

  // Kills the child if it still runs; no callback comes after this.
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  // Starts the process; call once. Returns at once: forking happens elsewhere.
  void start();

  // Asks the child to end (SIGTERM); kills it and its group if it still runs after the grace.
  void terminate(std::chrono::milliseconds grace);

  // Process id; 0 while there is none.
  int pid() const;

 private:
  struct state;
  struct launch;
  std::shared_ptr<state> state_;
  std::shared_ptr<launch> launch_;
};

}  // namespace troupe
