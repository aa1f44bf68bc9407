#include "bench/messages/child.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/log.hpp"

namespace troupe::bench {

child::child(const std::function<void(const teller&)>& body) {
  int ends[2];
  if (pipe(ends) != 0) {
    std::perror("pipe");
    std::exit(1);
  }
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    body([&](double value) {
      if (write(ends[1], &value, sizeof(value)) != sizeof(value)) _exit(1);
    });
    _exit(0);
  }
  close(ends[1]);
  told_ = ends[0];
}

child::~child() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  close(told_);
}

std::optional<double> child::next() {
  double value = 0;
  ssize_t got = 0;
  do {
    got = read(told_, &value, sizeof(value));
  } while (got < 0 && errno == EINTR);
  if (got != sizeof(value)) return std::nullopt;  // so short a write is never split
  return value;
}

int run_repeats(int count, char** words, const char* usage,
                const std::function<int(int repeats)>& run) {
  const int repeats = count > 1 ? std::atoi(words[1]) : 5;
  if (repeats < 1) {
    std::fprintf(stderr, "usage: %s\n", usage);
    return 2;
  }
  log::configure(log::level::warn, false, "bench");
  return run(repeats);
}

}  // namespace troupe::bench
