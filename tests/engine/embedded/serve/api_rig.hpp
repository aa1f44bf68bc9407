// The engine's HTTP API on a loopback port, over any executor, with the tiny model's text side.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "engine/embedded/model/tiny_model.hpp"
#include "engine/embedded/serve/api_session.hpp"
#include "engine/embedded/serve/engine_model.hpp"
#include "runtime/assert.hpp"
#include "tests/engine/embedded/serve/blocking_client.hpp"
#include "tests/engine/embedded/serve/fake_executor.hpp"

namespace troupe::engine::test {

// Path of a tiny model, made once for this process.
inline const std::string& tiny_model_path() {
  static const std::string path = [] {
    const auto made = testing::TempDir() + "tiny-" + std::to_string(::getpid()) + ".gguf";
    TROUPE_ASSERT(!make_tiny_model(made, {}));
    return made;
  }();
  return path;
}

inline engine_model open_tiny_model() {
  auto opened = open_engine_model(tiny_model_path(), "tiny");
  TROUPE_ASSERT(opened);
  return std::move(*opened);
}

// Runs steps only as they are let through, so that a test sees the engine between two steps.
class gated_executor : public fake_executor {
 public:
  using fake_executor::fake_executor;

  std::span<const float> run(std::span<const sequence_slice> slices) override {
    std::unique_lock lock{mutex_};
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_ || allowed_ > 0; });
    if (allowed_ > 0) --allowed_;
    return fake_executor::run(slices);
  }

  void allow(int steps) {
    const std::lock_guard lock{mutex_};
    allowed_ += steps;
    changed_.notify_all();
  }

  // Waits until the engine stands before its n-th step (or is past it).
  void await_entered(int steps) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return entered_ >= steps; });
  }

  void open() {
    const std::lock_guard lock{mutex_};
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int allowed_ = 0;
  int entered_ = 0;
  bool is_open_ = false;
};

struct rig_options {
  config::engine_limits limits;
  std::uint32_t kv_blocks = 256;
  std::uint32_t context_tokens_max = 1024;
  bool has_template = true;
  std::string chat_template{};  // empty: the tiny model's
};

inline engine_model open_model(const rig_options& options) {
  auto opened = open_tiny_model();
  if (!options.chat_template.empty()) {
    opened.chat = std::move(*chat_template::parse(options.chat_template));
    opened.tools_as = tool_syntax_of(options.chat_template);
  }
  return opened;
}

class api_rig {
 public:
  explicit api_rig(step_executor& executor, const rig_options& options = {})
      : model_{open_model(options)},
        grammars_{std::make_shared<token_vocabulary>(token_vocabulary::of(*model_.text))},
        metrics_{{model_.name, options.context_tokens_max, options.kv_blocks}},
        client_{context_,
                {options.limits, options.kv_blocks, options.context_tokens_max, model_.end_tokens,
                 model_.file->fingerprint()},
                executor,
                metrics_},
        api_{model_.name,     1'700'000'000,     options.context_tokens_max,
             options.limits,  model_.text.get(), options.has_template ? model_.chat.get() : nullptr,
             model_.tools_as, &grammars_,        &client_,
             &answers_,       &metrics_},
        server_{context_, config::http_limits{},
                [this](transport::http::connection& connection) {
                  return std::make_shared<api_session>(api_, connection);
                }},
        port_{*server_.listen("127.0.0.1", 0, false)},
        thread_{[this] { context_.run(); }} {}

  ~api_rig() {
    boost::asio::post(context_, [this] {
      server_.stop();
      server_.abort();
      server_.on_drained([this] { context_.stop(); });
    });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  const engine_model& model() const { return model_; }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
      context_.get_executor()};
  engine_model model_;
  grammar_cache grammars_;
  open_answers answers_;
  engine_metrics metrics_;
  engine_client client_;
  api_context api_;
  transport::http::server server_;
  std::uint16_t port_;
  std::thread thread_;
};

// A rig over the fake executor.
struct fake_rig {
  explicit fake_rig(const rig_options& options = {})
      : executor{options.kv_blocks, vocab_of_tiny()}, rig{executor, options} {
    executor.open();
  }
  static std::uint32_t vocab_of_tiny() {
    static const auto vocab = open_tiny_model().weights->shape().vocab;
    return vocab;
  }

  gated_executor executor;
  api_rig rig;
};

}  // namespace troupe::engine::test
