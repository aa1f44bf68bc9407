#include "engine/embedded/serve/engine_app.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::json;

engine_options tiny_options() {
  engine_options options;
  options.model_path = test::tiny_model_path();
  options.kv_bytes = 4 * 1024 * 1024;
  options.log.level = "error";
  return options;
}

// run_engine in a process of its own.
class engine_process {
 public:
  explicit engine_process(const engine_options& options) {
    int ends[2];
    TROUPE_ASSERT(::pipe(ends) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      ::setenv("TROUPE_READY_FD", std::to_string(ends[1]).c_str(), 1);
      ::_exit(run_engine(options));
    }
    ::close(ends[1]);
    char bytes[64];
    for (auto got = ::read(ends[0], bytes, sizeof bytes); got > 0;
         got = ::read(ends[0], bytes, sizeof bytes)) {
      said_.append(bytes, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
  }

  // All it wrote to the descriptor, which it then closed.
  const std::string& said() const { return said_; }
  std::uint16_t port() const { return static_cast<std::uint16_t>(std::stoi(said_.substr(6))); }
  void signal(int number) const { ::kill(pid_, number); }

  int exit_code() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  std::string said_;
};

json long_stream() {
  return {{"prompt", {5, 6, 7}}, {"max_tokens", 200}, {"stream", true}, {"ignore_eos", true}};
}

TEST(engine_app, says_where_it_listens_and_stops_when_told) {
  engine_process engine{tiny_options()};
  ASSERT_EQ(engine.said(), "ready " + std::to_string(engine.port()) + "\n");
  EXPECT_EQ(blocking_client{engine.port()}.get("/health").status, 200U);
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.exit_code(), 0);
}

TEST(engine_app, finishes_what_runs_before_it_stops) {
  engine_process engine{tiny_options()};
  blocking_client client{engine.port()};
  client.send("POST", "/v1/completions", long_stream().dump());
  client.receive_head();
  engine.signal(SIGTERM);
  std::string stream;
  for (auto chunk = client.next_chunk(); !chunk.empty(); chunk = client.next_chunk()) {
    stream += chunk;
  }
  EXPECT_EQ(test::events_of(stream).back(), "[DONE]");
  EXPECT_EQ(engine.exit_code(), 0);
}

TEST(engine_app, cuts_off_what_outlasts_the_drain_time) {
  auto options = tiny_options();
  options.drain_timeout = std::chrono::milliseconds{1};
  engine_process engine{options};
  blocking_client client{engine.port()};
  auto body = long_stream();
  body["max_tokens"] = 4000;
  client.send("POST", "/v1/completions", body.dump());
  client.receive_head();
  engine.signal(SIGINT);
  EXPECT_EQ(engine.exit_code(), 0);
}

TEST(engine_app, a_model_it_cannot_open_ends_it_with_one) {
  auto options = tiny_options();
  options.model_path = "/nonexistent.gguf";
  options.log.level = "error";
  engine_process engine{options};
  EXPECT_EQ(engine.said(), "");
  EXPECT_EQ(engine.exit_code(), 1);
}

}  // namespace
}  // namespace troupe::engine
