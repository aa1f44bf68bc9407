#include "apps/node_events.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "runtime/assert.hpp"
#include "runtime/clock.hpp"

namespace troupe::apps {

namespace {

constexpr std::array notices{node_event::drained, node_event::supervisor_ended,
                             node_event::handed_over, node_event::engines_drained};

}  // namespace

node_events::node_events() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  notices_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  TROUPE_ASSERT(signals_ >= 0 && notices_ >= 0);
}

node_events::~node_events() {
  close(signals_);
  close(notices_);
}

void node_events::notify(node_event what) {
  pending_.fetch_or(static_cast<std::uint32_t>(what));
  std::uint64_t one = 1;
  [[maybe_unused]] auto written = write(notices_, &one, sizeof one);
}

std::optional<node_event> node_events::take() {
  signalfd_siginfo info{};
  if (read(signals_, &info, sizeof info) == sizeof info) {
    return info.ssi_signo == SIGHUP ? node_event::reload_signal : node_event::stop_signal;
  }
  std::uint64_t count = 0;
  [[maybe_unused]] auto got = read(notices_, &count, sizeof count);
  for (auto what : notices) {
    auto bit = static_cast<std::uint32_t>(what);
    if ((pending_.fetch_and(~bit) & bit) == 0) continue;
    return what;
  }
  return std::nullopt;
}

std::optional<node_event> node_events::wait(std::optional<std::chrono::milliseconds> limit) {
  auto deadline = limit ? now() + *limit : time_point::max();
  for (;;) {
    if (auto event = take()) return event;
    int timeout_ms = -1;
    if (limit) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
      if (left <= 0) return std::nullopt;
      timeout_ms = static_cast<int>(left);
    }
    std::array<pollfd, 2> fds{{{signals_, POLLIN, 0}, {notices_, POLLIN, 0}}};
    poll(fds.data(), fds.size(), timeout_ms);
  }
}

}  // namespace troupe::apps
