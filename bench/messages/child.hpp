// A forked process that tells its parent values, through a pipe.
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

}  // namespace troupe::bench
