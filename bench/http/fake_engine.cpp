// An OpenAI-shaped engine that computes nothing: it answers at once, or streams paced chunks.
//
// Usage: bench_fake_engine [--port N] [--model NAME] [--chunks N] [--interval-ms N]
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bench/http/flags.hpp"
#include "runtime/clock.hpp"
#include "transport/http/server.hpp"

namespace {

using namespace troupe::transport::http;

constexpr std::string_view chunk =
    R"(data: {"id":"cmpl-0","object":"chat.completion.chunk","created":0,"model":"m","choices":[)"
    R"({"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]})"
    "\n\n";

struct engine {
  boost::asio::io_context context{1};
  std::string model;
  std::int64_t chunks = 0;
  std::chrono::milliseconds interval{};
};

class engine_session final : public session, public std::enable_shared_from_this<engine_session> {
 public:
  engine_session(engine& shared, connection& line)
      : shared_{shared}, line_{line}, timer_{shared.context} {}

 private:
  void on_request(request message) override {
    response_head head;
    if (message.body.find(R"("stream":true)") != std::string::npos) {
      head.fields.add("Content-Type", "text/event-stream");
      line_.start(std::move(head));
      left_ = shared_.chunks;
      due_ = troupe::now();
      return tick();
    }
    head.fields.add("Content-Type", "application/json");
    line_.send(std::move(head), message.method == "POST" ? answer() : models());
  }

  void on_close() override {
    closed_ = true;
    timer_.cancel();
  }

  void tick() {
    if (left_-- == 0) {
      line_.write("data: [DONE]\n\n");
      return line_.finish();
    }
    line_.write(chunk);
    due_ += shared_.interval;
    timer_.expires_at(due_);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && !self->closed_) self->tick();
    });
  }

  std::string models() const {
    return R"({"object":"list","data":[{"id":")" + shared_.model +
           R"(","object":"model","created":0,"owned_by":"bench"}]})";
  }

  std::string answer() const {
    return R"({"id":"cmpl-0","object":"chat.completion","created":0,"model":")" + shared_.model +
           R"(","choices":[{"index":0,"message":{"role":"assistant","content":")" +
           std::string(100, 'x') +
           R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,)"
           R"("total_tokens":2}})";
  }

  engine& shared_;
  connection& line_;
  boost::asio::steady_timer timer_;
  troupe::time_point due_{};
  bool closed_ = false;
  std::int64_t left_ = 0;
};

}  // namespace

int main(int count, char** words) {
  const troupe::bench::flags flags{count, words};
  engine shared;
  shared.model = flags.text("--model", "m");
  shared.chunks = flags.number("--chunks", 75);
  shared.interval = std::chrono::milliseconds{flags.number("--interval-ms", 20)};
  server front{shared.context, troupe::config::http_limits{}, [&shared](connection& line) {
                 return std::make_shared<engine_session>(shared, line);
               }};
  const auto port =
      front.listen("127.0.0.1", static_cast<std::uint16_t>(flags.number("--port", 0)), false);
  if (!port) return 1;
  std::printf("port %u\n", *port);
  std::fflush(stdout);
  shared.context.run();
}
