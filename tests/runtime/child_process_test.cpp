#include "runtime/child_process.hpp"

#include <csignal>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "tests/runtime/worlds.hpp"

namespace troupe {
namespace {

using std::chrono::milliseconds;
using testing::handed;

// A shell as child, on an I/O thread of its own, without an actor system.
class child_process_of_shell : public ::testing::Test {
 protected:
  child_process_of_shell() { thread.start(); }
  ~child_process_of_shell() override {
    on_thread([this] { child.reset(); });
  }

  template <class F>
  void on_thread(F f) {
    handed<bool> done;
    thread.post([&] {
      f();
      done.set(true);
    });
    done.get();
  }

  void run(std::vector<std::string> argv, std::vector<std::string> environment = {}) {
    on_thread([&] {
      child = std::make_unique<child_process>(
          thread, child_process_spec{std::move(argv), std::move(environment)},
          child_process_events{.on_ready = [this](std::uint16_t p) { port.set(p); },
                               .on_exit = [this](const exit_status& s) { status.set(s); }});
      child->start();
    });
  }
  void run_script(const std::string& script) { run({"/bin/sh", "-c", script}); }

  io_thread thread;
  handed<std::uint16_t> port;
  handed<exit_status> status;
  std::unique_ptr<child_process> child;
};

TEST_F(child_process_of_shell, reports_readiness_and_exit_code) {
  run_script("echo ready 8123 >&$TROUPE_READY_FD; read line <&$TROUPE_READY_FD; exit 3");
  EXPECT_EQ(port.get(), 8123);
  const auto end = status.get();
  EXPECT_EQ(end.what, exit_status::how::exited);
  EXPECT_EQ(end.code, 3);
  EXPECT_EQ(end.text, "exit code 3");
  EXPECT_FALSE(end.clean());
}

TEST_F(child_process_of_shell, reports_a_clean_exit) {
  run_script("exit 0");
  EXPECT_TRUE(status.get().clean());
  EXPECT_EQ(child->pid(), 0);
}

TEST_F(child_process_of_shell, reports_a_signal) {
  run_script("kill -9 $$");
  const auto end = status.get();
  EXPECT_EQ(end.what, exit_status::how::signalled);
  EXPECT_EQ(end.text, "killed by signal 9 (KILL)");
}

TEST_F(child_process_of_shell, says_why_a_program_cannot_run) {
  run({"/nowhere/engine"});
  const auto end = status.get();
  EXPECT_EQ(end.what, exit_status::how::not_started);
  EXPECT_EQ(end.text, "cannot run /nowhere/engine: No such file or directory");
}

TEST_F(child_process_of_shell, refuses_an_empty_command) {
  run({});
  EXPECT_EQ(status.get().text, "no program to run");
}

TEST_F(child_process_of_shell, passes_the_environment_and_nothing_else_open) {
  // Only 0, 1, 2, the readiness descriptor and the one `ls` opens itself may be there.
  run({"/bin/sh", "-c", "[ \"$GREETING\" = hello ] && [ $(ls /proc/self/fd | wc -l) -le 5 ]"},
      {"GREETING=hello"});
  EXPECT_EQ(status.get().text, "exit code 0");
}

TEST_F(child_process_of_shell, terminates_politely) {
  run_script("trap 'exit 7' TERM; echo ready 1 >&$TROUPE_READY_FD; tail -f /dev/null & wait");
  port.get();
  on_thread([&] { child->terminate(std::chrono::duration_cast<milliseconds>(testing::patience)); });
  EXPECT_EQ(status.get().text, "exit code 7");
}

TEST_F(child_process_of_shell, kills_after_the_grace) {
  run_script("trap '' TERM; echo ready 1 >&$TROUPE_READY_FD; exec tail -f /dev/null");
  port.get();
  on_thread([&] { child->terminate(milliseconds{1}); });
  EXPECT_EQ(status.get().text, "killed by signal 9 (KILL)");
}

TEST_F(child_process_of_shell, ends_a_child_that_was_not_up_yet) {
  on_thread([&] {
    child = std::make_unique<child_process>(
        thread, child_process_spec{{"tail", "-f", "/dev/null"}, {}},
        child_process_events{.on_ready = {},
                             .on_exit = [this](const exit_status& s) { status.set(s); }});
    child->start();
    child->terminate(milliseconds{0});
  });
  EXPECT_EQ(status.get().text, "killed by signal 9 (KILL)");
}

TEST_F(child_process_of_shell, kills_what_the_child_leaves_behind) {
  run_script("tail -f /dev/null & echo ready 1 >&$TROUPE_READY_FD");
  port.get();
  EXPECT_TRUE(status.get().clean());  // its group was killed before it was reaped
}

struct line_case {
  const char* name;
  const char* line;
};

class child_process_readiness : public child_process_of_shell,
                                public ::testing::WithParamInterface<line_case> {};

TEST_P(child_process_readiness, kills_a_child_whose_line_is_malformed) {
  run_script(std::string{"printf '"} + GetParam().line +
             "' >&$TROUPE_READY_FD; exec tail -f /dev/null");
  EXPECT_EQ(status.get().text, "killed by signal 9 (KILL)");
}

constexpr line_case malformed_lines[] = {
    {"no_port", "ready\\n"},
    {"not_a_number", "ready x\\n"},
    {"port_zero", "ready 0\\n"},
    {"port_too_large", "ready 65536\\n"},
    {"rest", "ready 80 please\\n"},
    {"other_word", "steady 80\\n"},
    {"endless", "ready 11111111111111111111111111111111111111111111111111111111111111111111111111"},
};

INSTANTIATE_TEST_SUITE_P(lines, child_process_readiness, ::testing::ValuesIn(malformed_lines),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST_F(child_process_of_shell, takes_a_line_that_comes_in_pieces) {
  run_script(
      "printf 'rea' >&$TROUPE_READY_FD; printf 'dy 90' >&$TROUPE_READY_FD;"
      "printf '01\\n' >&$TROUPE_READY_FD");
  EXPECT_EQ(port.get(), 9001);
  status.get();
}

TEST_F(child_process_of_shell, dropping_the_object_kills_the_child_in_silence) {
  run_script("echo ready 1 >&$TROUPE_READY_FD; exec tail -f /dev/null");
  port.get();
  const int pid = [&] {
    int id = 0;
    on_thread([&] {
      id = child->pid();
      child.reset();
    });
    return id;
  }();
  ASSERT_GT(pid, 0);
  // Reaped on the thread: the id goes away.
  while (kill(pid, 0) == 0) on_thread([] {});
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(child_process_of_shell, dropping_the_object_while_it_starts_is_safe) {
  for (int i = 0; i < 20; ++i) {
    on_thread([&] {
      child_process brief{thread, {{"tail", "-f", "/dev/null"}, {}}, {}};
      brief.start();
    });
  }
}

}  // namespace
}  // namespace troupe
