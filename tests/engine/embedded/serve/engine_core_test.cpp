#include "engine/embedded/serve/engine_core.hpp"

#include <gtest/gtest.h>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

constexpr std::uint32_t vocab = 50;

// Collects what a core reports and lets a test wait for it.
class collector {
 public:
  engine_core::report_sink sink() {
    return [this](step_report report) {
      const std::lock_guard lock{mutex_};
      last_stats_ = report.stats;
      for (auto& output : report.outputs) {
        if (output.finish || output.refused) ++ended_;
        outputs_[output.id].push_back(std::move(output));
      }
      ++reports_;
      changed_.notify_all();
    };
  }

  void await_ended(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return ended_ >= count; });
  }

  // Waits for a report with nothing running.
  void await_idle() {
    std::unique_lock lock{mutex_};
    changed_.wait(
        lock, [&] { return reports_ > 0 && last_stats_.running == 0 && last_stats_.waiting == 0; });
  }

  std::vector<request_output> of(request_id id) {
    const std::lock_guard lock{mutex_};
    return outputs_[id];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<request_id, std::vector<request_output>> outputs_;
  scheduler_stats last_stats_;
  std::size_t ended_ = 0, reports_ = 0;
};

scheduler_config config_of(std::size_t queued_max = 64) {
  scheduler_config config;
  config.limits.queued_requests_max = queued_max;
  config.kv_blocks = 64;
  config.context_tokens_max = 500;
  return config;
}

generation_request request_of(std::uint32_t max_tokens, std::int32_t first = 1) {
  generation_request request;
  request.prompt = {first, 2, 3};
  request.max_tokens = max_tokens;
  return request;
}

TEST(engine_core, reports_each_token_with_its_times) {
  test::fake_executor executor{64, vocab};
  collector results;
  engine_core core{config_of(), executor, results.sink()};
  ASSERT_TRUE(core.submit(9, request_of(4)));
  results.await_ended(1);
  const auto outputs = results.of(9);
  ASSERT_EQ(outputs.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(outputs[i].generated, i + 1);
    EXPECT_EQ(outputs[i].prompt_tokens, 3U);
    EXPECT_EQ(outputs[i].finish.has_value(), i == 3);
    EXPECT_LE(outputs[i].timing.arrived, outputs[i].timing.scheduled);
    EXPECT_LE(outputs[i].timing.scheduled, outputs[i].timing.first_token);
    EXPECT_LE(outputs[i].timing.first_token, outputs[i].timing.last_token);
    const auto& before = outputs[i == 0 ? 0 : i - 1];
    EXPECT_EQ(outputs[i].token_before, before.timing.last_token);
  }
}

TEST(engine_core, takes_requests_from_many_threads) {
  test::fake_executor executor{64, vocab};
  collector results;
  engine_core core{config_of(), executor, results.sink()};
  std::vector<std::thread> callers;
  for (request_id caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&core, caller] {
      for (request_id i = 0; i < 10; ++i) {
        EXPECT_TRUE(core.submit(caller * 10 + i, request_of(5, static_cast<int>(caller))));
      }
    });
  }
  for (auto& caller : callers) caller.join();
  results.await_ended(40);
  for (request_id id = 0; id < 40; ++id) EXPECT_EQ(results.of(id).size(), 5U);
}

TEST(engine_core, refuses_with_a_reason_and_goes_on) {
  test::fake_executor executor{64, vocab};
  collector results;
  engine_core core{config_of(), executor, results.sink()};
  ASSERT_TRUE(core.submit(1, request_of(5000)));
  ASSERT_TRUE(core.submit(2, request_of(1)));
  results.await_ended(2);
  const auto refused = results.of(1);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(failure_code(refused[0].refused, errc::io_error), errc::invalid_request);
  EXPECT_EQ(results.of(2).size(), 1U);
}

TEST(engine_core, bounds_what_is_handed_over) {
  test::gated_executor executor{64, vocab};
  collector results;
  engine_core core{config_of(4), executor, results.sink()};
  request_id id = 0;
  caf::expected<void> accepted = caf::unit;
  // The gate is shut, so at most one batch of four is taken over by the engine.
  while (accepted && id < 20) accepted = core.submit(++id, request_of(1));
  ASSERT_FALSE(accepted);
  EXPECT_EQ(failure_code(accepted.error(), errc::io_error), errc::overloaded);
  EXPECT_LE(id, 13U);
  executor.open();
  results.await_ended(id - 1);
}

TEST(engine_core, forgets_a_cancelled_request_and_tells_that_it_is_idle) {
  test::gated_executor executor{64, vocab};
  collector results;
  engine_core core{config_of(), executor, results.sink()};
  ASSERT_TRUE(core.submit(1, request_of(400)));
  executor.allow(1);
  core.cancel(1);
  core.cancel(77);  // unknown: harmless
  executor.allow(1);
  results.await_idle();
  executor.open();
  ASSERT_TRUE(core.submit(2, request_of(2)));
  results.await_ended(1);
  EXPECT_LE(results.of(1).size(), 2U);
  EXPECT_EQ(results.of(2).size(), 2U);
}

}  // namespace
}  // namespace troupe::engine
