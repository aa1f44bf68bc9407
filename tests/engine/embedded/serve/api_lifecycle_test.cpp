#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "tests/engine/embedded/serve/api_rig.hpp"

namespace troupe::engine {
namespace {

using test::blocking_client;
using test::events_of;
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

struct abort_case {
  const char* path;
  const char* prefix;  // of the answer's id
};

class api_abort : public testing::TestWithParam<abort_case> {};

// Ended from another connection, an answer tells what it has and that it was aborted.
TEST_P(api_abort, ends_an_answer_within_one_step_and_says_so) {
  gated_rig r;
  const std::string id = "some-request";
  auto body = body_of(500, true);
  body["token_ids"] = body["prompt"];
  body["sampling_params"] = {{"max_tokens", 500}, {"seed", 1}, {"ignore_eos", true}};
  body["messages"] = json::array({{{"role", "user"}, {"content", "Hi"}}});
  blocking_client streaming{r.rig.port()}, other{r.rig.port()};
  streaming.send("POST", GetParam().path, body.dump(), "X-Request-Id: " + id + "\r\n");
  r.executor.allow(2);
  ASSERT_EQ(streaming.receive_head().status, 200U);
  auto text = streaming.next_chunk();
  const json named{{"request_ids", {"unknown", GetParam().prefix + id}}};
  const auto aborted = other.post("/inference/v1/abort_requests", named);
  EXPECT_EQ(aborted.status, 200U);
  EXPECT_EQ(aborted.body, "");
  for (auto chunk = streaming.next_chunk(); !chunk.empty(); chunk = streaming.next_chunk()) {
    text += chunk;
  }
  const auto events = events_of(text);
  EXPECT_EQ(events.back(), "[DONE]");
  EXPECT_EQ(events[events.size() - 2]["choices"][0]["finish_reason"], "abort");
  EXPECT_EQ(other.get("/load").parsed()["server_load"], 0);
  r.executor.open();
  EXPECT_EQ(other.post("/inference/v1/abort_requests", named).status, 200U) << "it has ended";
  EXPECT_EQ(streaming.post(path, body_of(3, false)).status, 200U) << "the connection goes on";
  EXPECT_LT(r.executor.steps, 12U) << "of 500";
}

INSTANTIATE_TEST_SUITE_P(endpoints, api_abort,
                         testing::Values(abort_case{"/v1/completions", "cmpl-"},
                                         abort_case{"/v1/completions", ""},
                                         abort_case{"/v1/chat/completions", "chatcmpl-"},
                                         abort_case{"/inference/v1/generate", "generate-tokens-"}));

TEST(api_lifecycle, an_aborted_whole_answer_tells_what_it_has) {
  gated_rig r;
  blocking_client client{r.rig.port()}, other{r.rig.port()};
  auto body = body_of(500, false);
  body["n"] = 3;
  body["request_id"] = "mine";
  client.send("POST", path, body.dump());
  r.executor.allow(3);
  r.executor.await_entered(4);
  EXPECT_EQ(other.post("/inference/v1/abort_requests", {{"request_ids", {"mine"}}}).status, 200U);
  const auto answer = client.receive();
  EXPECT_EQ(answer.status, 200U);
  const auto choices = answer.parsed()["choices"];
  ASSERT_EQ(choices.size(), 3U);
  for (const auto& choice : choices) EXPECT_EQ(choice["finish_reason"], "abort");
  r.executor.open();
}

TEST(api_lifecycle, abort_requests_needs_a_list_of_ids) {
  gated_rig r;
  blocking_client client{r.rig.port()};
  const auto missing = client.post("/inference/v1/abort_requests", json::object());
  EXPECT_EQ(missing.status, 400U);
  EXPECT_NE(missing.body.find("Missing 'request_ids' in request body"), std::string::npos);
  EXPECT_EQ(client.post("/inference/v1/abort_requests", {{"request_ids", {1}}}).status, 400U);
  EXPECT_EQ(client.get("/inference/v1/abort_requests").status, 405U);
}

// This engine is rank 0 of one.
TEST(api_lifecycle, another_data_parallel_rank_is_refused) {
  gated_rig r;
  r.executor.open();
  const auto status_of = [&](const std::string& rank) {
    blocking_client client{r.rig.port()};
    client.send("POST", path, body_of(2, false).dump(), "X-data-parallel-rank: " + rank + "\r\n");
    return client.receive();
  };
  EXPECT_EQ(status_of("0").status, 200U);
  EXPECT_EQ(status_of("none").status, 200U) << "vLLM ignores what is no number";
  for (const std::string rank : {"1", "-1", "7"}) {
    const auto refused = status_of(rank);
    EXPECT_EQ(refused.status, 400U);
    EXPECT_EQ(refused.parsed()["error"]["message"],
              "data_parallel_rank " + rank + " is out of range [0, 1).");
  }
}

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
