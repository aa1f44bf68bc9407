#include "runtime/process_spawner.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/errc.hpp"

namespace troupe {

namespace {

constexpr std::string_view ready_variable = "TROUPE_READY_FD=";

class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int fd) : fd_{fd} {}
  file_descriptor(const file_descriptor&) = delete;
  file_descriptor& operator=(const file_descriptor&) = delete;
  ~file_descriptor() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

struct pipe_ends {
  file_descriptor in;   // to read
  file_descriptor out;  // to write

  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    in.reset(ends[0]);
    out.reset(ends[1]);
    return true;
  }
};

caf::error system_failure(const std::string& what, int code) {
  return make_failure(errc::io_error, what + ": " + std::strerror(code));
}

std::string_view key_of(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

// Our environment with the additions over it, without an inherited readiness descriptor.
std::vector<std::string> make_environment(std::vector<std::string> additions, int ready_fd) {
  additions.push_back(std::string{ready_variable} + std::to_string(ready_fd));
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const auto same_key = [&](const std::string& a) { return key_of(a) == key_of(*entry); };
    if (std::none_of(additions.begin(), additions.end(), same_key)) all.emplace_back(*entry);
  }
  std::move(additions.begin(), additions.end(), std::back_inserter(all));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (auto& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

// All the child needs, made before the fork: after it, only async-signal-safe calls are allowed.
struct child_setup {
  std::vector<char*> argv;
  std::vector<char*> environment;
  int ready_fd;
  int error_fd;
  pid_t parent;
};

[[noreturn]] void fail_child(const child_setup& setup) {
  const int code = errno;
  [[maybe_unused]] const auto written = write(setup.error_fd, &code, sizeof code);
  _exit(127);
}

// Runs in the forked child.
[[noreturn]] void become(const child_setup& setup) {
  setpgid(0, 0);  // a Ctrl-C at the terminal is ours to pass on, in our order
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);  // ignored signals would stay ignored
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail_child(setup);
  if (getppid() != setup.parent) _exit(127);  // the parent died before the prctl
  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0) fail_child(setup);
  // Asio's sockets are inheritable: a child that held them would keep our clients connected.
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail_child(setup);
  if (fcntl(setup.ready_fd, F_SETFD, 0) != 0) fail_child(setup);
  execvpe(setup.argv[0], setup.argv.data(), setup.environment.data());
  fail_child(setup);
}

// Blocks until the child runs its program (the pipe closes) or says why it cannot.
int error_of_child(int fd) {
  int code = 0;
  ssize_t count = 0;
  do {
    count = read(fd, &code, sizeof code);
  } while (count < 0 && errno == EINTR);
  return count == sizeof code ? code : 0;
}

void kill_and_reap(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

caf::expected<spawned_process> spawn(spawn_request& request) {
  if (request.argv.empty()) return make_failure(errc::io_error, "no program to run");
  const auto program = request.argv.front();
  pipe_ends ready;
  pipe_ends failure;
  if (!ready.open() || !failure.open()) return system_failure("cannot make a pipe", errno);
  auto environment = make_environment(std::move(request.environment), ready.out.get());
  const child_setup setup{pointers_to(request.argv), pointers_to(environment), ready.out.get(),
                          failure.out.get(), getpid()};
  const pid_t pid = fork();
  if (pid == 0) become(setup);
  if (pid < 0) return system_failure("cannot fork for " + program, errno);
  file_descriptor pid_fd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
  const int pid_fd_error = errno;
  ready.out.reset();
  failure.out.reset();
  const int exec_error = error_of_child(failure.in.get());
  if (exec_error != 0 || pid_fd.get() < 0) {
    kill_and_reap(pid);
    if (exec_error != 0) return system_failure("cannot run " + program, exec_error);
    return system_failure("cannot watch " + program, pid_fd_error);
  }
  return spawned_process{pid, pid_fd.release(), ready.in.release()};
}

class spawner {
 public:
  spawner() {
    std::thread{[this] { run(); }}.detach();
  }

  void add(spawn_request request) {
    std::lock_guard lock{mutex_};
    requests_.push_back(std::move(request));
    filled_.notify_one();
  }

 private:
  [[noreturn]] void run() {
    pthread_setname_np(pthread_self(), "spawner");
    while (true) {
      auto request = next();
      auto result = spawn(request);
      request.on_result(std::move(result));
    }
  }

  spawn_request next() {
    std::unique_lock lock{mutex_};
    filled_.wait(lock, [this] { return !requests_.empty(); });
    auto request = std::move(requests_.front());
    requests_.pop_front();
    return request;
  }

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<spawn_request> requests_;
};

}  // namespace

void spawn_process(spawn_request request) {
  static auto* const instance = new spawner;  // its thread outlives all that is destroyed at exit
  instance->add(std::move(request));
}

void discard(const spawned_process& process) {
  kill(-process.pid, SIGKILL);
  kill_and_reap(process.pid);
  close(process.pid_fd);
  close(process.ready_fd);
}

}  // namespace troupe
