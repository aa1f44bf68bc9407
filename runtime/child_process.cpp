#include "runtime/child_process.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/wait.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "runtime/assert.hpp"
#include "runtime/errc.hpp"
#include "runtime/io_thread.hpp"
#include "runtime/log.hpp"
#include "runtime/process_spawner.hpp"

namespace troupe {

namespace asio = boost::asio;

namespace {

using executor = asio::io_context::executor_type;
using descriptor = asio::posix::basic_stream_descriptor<executor>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor>;

constexpr std::size_t ready_line_bytes_max = 64;

// Port of a line `ready PORT`, without its newline.
std::optional<std::uint16_t> parse_ready(std::string_view line) {
  constexpr std::string_view start = "ready ";
  if (!line.starts_with(start)) return std::nullopt;
  line.remove_prefix(start.size());
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), port);
  if (error != std::errc{} || end != line.data() + line.size() || port == 0) return std::nullopt;
  return port;
}

exit_status describe(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) {
    return {exit_status::how::exited, info.si_status,
            "exit code " + std::to_string(info.si_status)};
  }
  const char* name = sigabbrev_np(info.si_status);
  return {exit_status::how::signalled, info.si_status,
          "killed by signal " + std::to_string(info.si_status) + " (" +
              (name != nullptr ? name : "?") + ")"};
}

}  // namespace

// Where the spawner's answer goes. The target is withdrawn when nobody waits for it any more: its
// I/O thread may be gone by then.
struct child_process::launch {
  std::mutex mutex;
  std::shared_ptr<state> target;

  void answer(caf::expected<spawned_process> result);
};

// Shared with the handlers under way; `events` is emptied when nobody wants them any more.
struct child_process::state : std::enable_shared_from_this<child_process::state> {
  state(io_thread& h, child_process_spec s, child_process_events e)
      : home{h},
        spec{std::move(s)},
        events{std::move(e)},
        pid_fd{h.context()},
        ready_fd{h.context()},
        grace{h.context()} {}

  void took_off(caf::expected<spawned_process> result);
  void watch_exit();
  void reap();
  void read_ready();
  void take_ready(std::size_t count);
  void kill_group() const;
  void terminate(std::chrono::milliseconds limit);
  void ended(const exit_status& status);

  io_thread& home;
  child_process_spec spec;
  child_process_events events;
  int pid = 0;
  bool over = false;    // ended, or never to start
  bool doomed = false;  // to be killed as soon as it has started
  descriptor pid_fd;
  descriptor ready_fd;
  timer grace;
  std::array<char, ready_line_bytes_max> line;
  std::size_t line_bytes = 0;
};

void child_process::launch::answer(caf::expected<spawned_process> result) {
  std::lock_guard lock{mutex};
  if (target == nullptr) {
    if (result) discard(*result);
    return;
  }
  auto& home = target->home;
  home.post(
      [s = std::move(target), r = std::move(result)]() mutable { s->took_off(std::move(r)); });
}

void child_process::state::took_off(caf::expected<spawned_process> result) {
  if (!result) {
    ended({exit_status::how::not_started, 0, failure_text(result.error())});
    return;
  }
  pid = result->pid;
  pid_fd.assign(result->pid_fd);
  ready_fd.assign(result->ready_fd);
  watch_exit();
  read_ready();
  if (doomed) kill_group();
}

void child_process::state::watch_exit() {
  pid_fd.async_wait(descriptor::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& error) {
                      if (!error) self->reap();
                    });
}

void child_process::state::reap() {
  kill_group();  // what it left behind; its id is not free before it is reaped
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0) {
    if (errno == EINTR) continue;
    ended({exit_status::how::exited, -1,
           std::string{"exit status unknown: "} + std::strerror(errno)});
    return;
  }
  ended(describe(info));
}

void child_process::state::read_ready() {
  ready_fd.async_read_some(
      asio::buffer(line.data() + line_bytes, line.size() - line_bytes),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
        if (!error) self->take_ready(count);  // an end without a line: the exit is coming
      });
}

void child_process::state::take_ready(std::size_t count) {
  line_bytes += count;
  const std::string_view text{line.data(), line_bytes};
  const auto end = text.find('\n');
  if (end == std::string_view::npos && line_bytes < line.size()) {
    read_ready();
    return;
  }
  const auto port = parse_ready(text.substr(0, end));
  if (!port) {
    log::error("child wrote a malformed readiness line: killed",
               {{"program", spec.argv.front()}, {"line", text.substr(0, end)}});
    kill_group();
    return;
  }
  const auto ready = std::exchange(events.on_ready, {});  // it may destroy the child_process
  if (ready) ready(*port);
}

void child_process::state::kill_group() const {
  if (pid != 0 && !over) kill(-pid, SIGKILL);
}

void child_process::state::terminate(std::chrono::milliseconds limit) {
  if (over) return;
  if (pid == 0) {
    doomed = true;
    return;
  }
  kill(pid, SIGTERM);
  grace.expires_after(limit);
  grace.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->kill_group();
  });
}

void child_process::state::ended(const exit_status& status) {
  over = true;
  grace.cancel();
  boost::system::error_code ignored;
  pid_fd.close(ignored);
  ready_fd.close(ignored);
  const auto last = std::exchange(events, {});
  if (last.on_exit) last.on_exit(status);
}

child_process::child_process(io_thread& home, child_process_spec spec, child_process_events events)
    : state_{std::make_shared<state>(home, std::move(spec), std::move(events))} {}

child_process::~child_process() {
  if (launch_) {
    std::lock_guard lock{launch_->mutex};
    launch_->target = nullptr;
  }
  state_->events = {};
  state_->doomed = true;
  state_->kill_group();
}

void child_process::start() {
  TROUPE_ASSERT(launch_ == nullptr);
  launch_ = std::make_shared<launch>();
  launch_->target = state_;
  spawn_process({state_->spec.argv, state_->spec.environment,
                 [l = launch_](caf::expected<spawned_process> r) { l->answer(std::move(r)); }});
}

void child_process::terminate(std::chrono::milliseconds grace) {
  state_->terminate(grace);
}

int child_process::pid() const {
  return state_->over ? 0 : state_->pid;
}

}  // namespace troupe
