#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::json;

constexpr const char* path = "/v1/completions";

// A rig whose steps wait for the test.
struct gated_rig {
  explicit gated_rig(const test::rig_options& options = {})
      : executor{options.kv_blocks, test::fake_rig::vocab_of_tiny()}, rig{executor, options} {}
  ~gated_rig() { executor.open(); }

  // Asks until the engine has so many requests; each question is a round trip.
  void await_load(int requests) {
    blocking_client client{rig.port()};
    while (client.get("/load").parsed()["server_load"] != requests) std::this_thread::yield();
  }

  test::gated_executor executor;
  test::api_rig rig;
};

json body_of(int max_tokens, bool stream) {
  return {{"prompt", {1, 2, 3}},
          {"max_tokens", max_tokens},
          {"stream", stream},
          {"seed", 1},
          {"ignore_eos", true}};
}

class api_disconnect : public testing::TestWithParam<bool> {};

TEST_P(api_disconnect, aborts_the_request_within_one_step) {
  gated_rig r;
  std::optional<blocking_client> leaver{r.rig.port()};
  leaver->send("POST", path, body_of(500, GetParam()).dump());
  r.executor.allow(1);
  if (GetParam()) {
    leaver->receive_head();
    leaver->next_chunk();  // one token has come
  }
  r.await_load(1);
  leaver.reset();
  r.await_load(0);
  r.executor.open();
  blocking_client client{r.rig.port()};
  ASSERT_EQ(client.post(path, body_of(4, false)).status, 200U);
  // Three tokens of the prompt, at most one step under way, then the new one: 3 + 3.
  EXPECT_LE(r.executor.tokens_computed, 3U + 1U + 6U);
  const auto metrics = client.get("/metrics").body;
  EXPECT_NE(metrics.find("finished_reason=\"abort\",model_name=\"tiny\"} 1"), std::string::npos)
      << metrics;
}

INSTANTIATE_TEST_SUITE_P(stream, api_disconnect, testing::Bool());

TEST(api_lifecycle, a_full_queue_is_a_503) {
  test::rig_options options;
  options.limits.queued_requests_max = 2;
  options.limits.running_requests_max = 1;
  gated_rig r{options};
  // One runs, before its first step; two wait.
  std::vector<std::unique_ptr<blocking_client>> clients;
  for (int i = 1; i <= 3; ++i) {
    clients.push_back(std::make_unique<blocking_client>(r.rig.port()));
    clients.back()->send("POST", path, body_of(50, false).dump());
    r.await_load(i);
    r.executor.await_entered(1);
  }
  blocking_client late{r.rig.port()};
  const auto answer = late.post(path, body_of(50, false));
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.parsed()["error"]["type"], "ServiceUnavailableError") << answer.body;
  EXPECT_NE(answer.body.find("queued_requests_max"), std::string::npos);
  const auto metrics = late.get("/metrics").body;
  EXPECT_NE(metrics.find("model_name=\"tiny\",reason=\"max_num_queued_reqs\"} 1\n"),
            std::string::npos)
      << metrics;
  r.executor.open();
  for (auto& client : clients) EXPECT_EQ(client->receive().status, 200U);
}

TEST(api_lifecycle, serves_the_next_request_of_a_connection_after_a_stream) {
  gated_rig r;
  r.executor.open();
  blocking_client client{r.rig.port()};
  client.send("POST", path, body_of(3, true).dump());
  client.send("POST", path, body_of(3, false).dump());  // pipelined
  EXPECT_EQ(test::events_of(client.receive().body).back(), "[DONE]");
  EXPECT_EQ(client.receive().parsed()["usage"]["completion_tokens"], 3);
}

TEST(api_lifecycle, others_are_served_while_a_client_reads_slowly) {
  gated_rig r;
  r.executor.open();
  blocking_client slow{r.rig.port()};
  slow.send("POST", path, body_of(900, true).dump());
  blocking_client quick{r.rig.port()};
  EXPECT_EQ(quick.post(path, body_of(2, false)).status, 200U);
  EXPECT_EQ(test::events_of(slow.receive().body).back(), "[DONE]");
}

}  // namespace
}  // namespace troupe::engine
