// What the benches of messages are made of: a forked process that tells its parent values, through
// a pipe, and the reading of how often all is repeated.
#pragma once

#include <functional>
#include <optional>

#include <sys/types.h>

namespace troupe::bench {

class child {
 public:
  using teller = std::function<void(double)>;

  // Forks and runs `body` in the new process. REQUIRES: this process has one thread.
  explicit child(const std::function<void(const teller&)>& body);

  // Kills the process and waits for it.
  ~child();

  child(const child&) = delete;
  child& operator=(const child&) = delete;

  // Waits for the next value; nothing where the process ended.
  std::optional<double> next();

 private:
  pid_t process_ = -1;
  int told_ = -1;
};

// Runs what a bench does as often as its first word says, 5 times where there is none; `usage` says
// which words it takes. Returns the exit status.
int run_repeats(int count, char** words, const char* usage,
                const std::function<int(int repeats)>& run);

}  // namespace troupe::bench
