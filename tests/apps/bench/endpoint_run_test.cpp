// Runs against a real server on the loopback, in one loop with it.
#include "apps/bench/endpoint_run.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/bench/endpoint_probe.hpp"
#include "apps/bench/figures.hpp"
#include "apps/bench/load_workload.hpp"
#include "tests/transport/http/server_fixture.hpp"

namespace troupe::apps::bench {
namespace {

using namespace std::chrono_literals;
namespace http = transport::http;
using session = http::recording_session;
using json = nlohmann::json;

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

void begin_stream(session& s) {
  http::response_head head;
  head.fields.add("Content-Type", "text/event-stream; charset=utf-8");
  s.line->start(head);
}

// A whole streamed answer of two pieces.
void answer_well(session& s) {
  begin_stream(s);
  s.line->write(event(R"({"choices":[{"delta":{"content":"a"}}]})"));
  s.line->write(event(R"({"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]})") +
                event(R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}})") +
                event("[DONE]"));
  s.line->finish();
}

class endpoint_run_test : public testing::Test {
 protected:
  void serve(std::function<void(session&)> answer) {
    server_ = std::make_unique<http::server>(loop_.context(), config::http_limits{},
                                             [this, answer](http::connection& c) {
                                               sessions_.push_back(std::make_shared<session>(c));
                                               sessions_.back()->answer = answer;
                                               return sessions_.back();
                                             });
    const auto port = server_->listen("127.0.0.1", 0, false);
    ASSERT_TRUE(port);
    settings_.targets = {*parse_target("http://127.0.0.1:" + std::to_string(*port) + "/base/v1")};
  }

  const target& where() const { return settings_.targets.front(); }

  std::unique_ptr<workload> load(std::uint64_t requests) const {
    load_settings load;
    load.rate = 10'000;
    load.prompt = length_distribution{{50, length_unit::bytes}};
    return std::make_unique<load_workload>(load, requests, workload_seeds{}, text_scale{});
  }

  endpoint_run_options options() const {
    endpoint_run_options made;
    made.where = where();
    made.body.model = "m";
    return made;
  }

  run_result run(std::uint64_t requests, endpoint_run_options with) {
    endpoint_run running{loop_, client_, std::move(with), load(requests)};
    running.begin();
    loop_.run_until([&] { return running.is_finished(); });
    return running.take_result();
  }

  // Runs a few requests that fail in one way, and returns its name.
  std::string failure(std::function<void(session&)> answer) {
    serve(std::move(answer));
    const run_result found = run(3, options());
    EXPECT_EQ(found.failures.size(), 1u);
    if (found.failures.empty()) return {};
    EXPECT_EQ(found.failures.begin()->second.count, 3u);
    return found.failures.begin()->first + ": " + found.failures.begin()->second.example;
  }

  run_loop loop_;
  http::client client_{loop_.context(), config::client_limits{}};
  bench_settings settings_;
  std::vector<std::shared_ptr<session>> sessions_;
  std::unique_ptr<http::server> server_;
};

TEST_F(endpoint_run_test, sends_what_is_planned_and_measures_what_comes) {
  serve(answer_well);
  auto with = options();
  with.fields.add("Authorization", "Bearer x");
  with.session_header = "x-user-id";
  with.session_prefix = "s-";
  const run_result found = run(50, with);
  const figures got = figures_of({&found, 1});
  EXPECT_EQ(got.answered, 50u);
  EXPECT_EQ(got.failed, 0u);
  EXPECT_EQ(got.answer_tokens, 100u);
  EXPECT_EQ(got.usage_told, 50u);
  EXPECT_EQ(got.gap_s.count, 50u);
  EXPECT_GT(got.ttft_s.mean, 0);
  const http::request& asked = sessions_.front()->requests.front();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.target, "/base/v1/chat/completions");
  EXPECT_EQ(asked.fields.find("authorization"), "Bearer x");
  EXPECT_EQ(asked.fields.find("x-user-id"), "s-0");
  EXPECT_EQ(json::parse(asked.body)["model"], "m");
}

TEST_F(endpoint_run_test, keeps_to_its_connections) {
  serve(answer_well);
  auto with = options();
  with.limits.connections_max = 2;
  const run_result found = run(40, with);
  EXPECT_EQ(found.records.size(), 40u);
  EXPECT_EQ(found.under_way_max, 2u);
  EXPECT_LE(sessions_.size(), 2u);
}

TEST_F(endpoint_run_test, names_an_http_error_with_its_message) {
  EXPECT_EQ(failure([](session& s) {
              s.line->send({503, {}}, R"({"error":{"message":"no engine"}})");
            }),
            "http_503: no engine");
}

TEST_F(endpoint_run_test, names_an_answer_that_is_no_stream) {
  EXPECT_EQ(failure([](session& s) {
              s.line->send({200, {}}, "{}");
            }),
            "not_streamed: the answer is no text/event-stream");
}

TEST_F(endpoint_run_test, names_an_error_in_the_stream) {
  EXPECT_EQ(failure([](session& s) {
              begin_stream(s);
              s.line->write(event(R"({"error":{"message":"engine lost"}})"));
              s.line->finish();
            }),
            "error_event: engine lost");
}

TEST_F(endpoint_run_test, names_a_stream_without_an_end) {
  EXPECT_EQ(failure([](session& s) {
              begin_stream(s);
              s.line->write(event(R"({"choices":[{"delta":{"content":"a"}}]})"));
              s.line->finish();
            }),
            "incomplete: the stream ended without a finish reason");
}

TEST_F(endpoint_run_test, leaves_a_stream_that_is_broken) {
  EXPECT_EQ(failure([](session& s) {
              begin_stream(s);
              s.line->write(event("{nonsense"));
            }),
            "broken_stream: an event is no JSON, or is too long");
}

TEST_F(endpoint_run_test, names_a_connection_that_broke) {
  EXPECT_TRUE(failure([](session& s) {
                begin_stream(s);
                s.line->write(event(R"({"choices":[{"delta":{"content":"a"}}]})"));
                s.line->abort();
              }).starts_with("connection_lost: "));
}

TEST_F(endpoint_run_test, leaves_everything_at_an_interrupt) {
  serve(begin_stream);  // and no more
  endpoint_run running{loop_, client_, options(), load(20)};
  running.begin();
  loop_.run_until([&] { return running.progress().under_way == 20; });
  running.interrupt();
  EXPECT_TRUE(running.is_finished());
  const run_result found = running.take_result();
  EXPECT_TRUE(found.is_interrupted);
  EXPECT_EQ(figures_of({&found, 1}).unfinished, 20u);
  loop_.run_until([&] { return client_.open_connections() == 0; });
}

TEST_F(endpoint_run_test, can_be_destroyed_with_requests_under_way) {
  serve(begin_stream);
  {
    endpoint_run running{loop_, client_, options(), load(5)};
    running.begin();
    loop_.run_until([&] { return running.progress().under_way == 5; });
  }
  loop_.run_until([&] { return client_.open_connections() == 0; });
}

class endpoint_probe_test : public endpoint_run_test {
 protected:
  endpoint_probe probe() { return {loop_, client_, settings_}; }
};

TEST_F(endpoint_probe_test, asks_for_a_model) {
  serve([](session& s) { s.line->send({200, {}}, R"({"data":[{"id":"m1"},{"id":"m2"}]})"); });
  EXPECT_EQ(probe().first_model(where()).value(), "m1");
  EXPECT_EQ(sessions_.front()->requests.front().target, "/base/v1/models");
}

TEST_F(endpoint_probe_test, says_what_kept_it_from_knowing_a_model) {
  serve([](session& s) {
    const bool first = s.requests.size() == 1;
    s.line->send({first ? 200U : 401U, {}}, first ? R"({"data":[]})" : "who are you?");
  });
  auto failed = probe().first_model(where());
  ASSERT_FALSE(failed);
  EXPECT_NE(failure_text(failed.error()).find("lists no model; name one with --model"),
            std::string::npos);
  failed = probe().first_model(where());
  ASSERT_FALSE(failed);
  EXPECT_NE(failure_text(failed.error()).find("HTTP 401, who are you?"), std::string::npos);
}

TEST_F(endpoint_probe_test, lets_the_endpoint_count_tokens) {
  serve([](session& s) {
    const auto body = json::parse(s.requests.back().body);
    const auto bytes = body["messages"][0]["content"].get<std::string>().size();
    begin_stream(s);
    s.line->write(event(R"({"choices":[],"usage":{"prompt_tokens":)" +
                        std::to_string(20 + bytes / 4) + R"(,"completion_tokens":1}})"));
    s.line->finish();
  });
  const auto scale = probe().scale(where(), "m");
  ASSERT_TRUE(scale);
  EXPECT_DOUBLE_EQ(scale->bytes_per_token, 4);
  EXPECT_DOUBLE_EQ(scale->template_tokens, 20);
}

TEST_F(endpoint_probe_test, says_when_tokens_are_not_told) {
  serve(answer_well);
  const auto scale = probe().scale(where(), "m");
  ASSERT_FALSE(scale);
  EXPECT_NE(failure_text(scale.error()).find("--bytes-per-token"), std::string::npos);
}

TEST(run_loop, calls_an_alarm_once_for_each_time_it_is_set) {
  run_loop loop;
  int calls = 0, others = 0;
  auto alarm = loop.make_alarm([&] { ++calls; });
  auto other = loop.make_alarm([&] { ++others; });
  alarm->set(now());
  loop.run_until([&] { return calls == 1; });
  alarm->set(now() + 1h);
  alarm->set(now());  // instead
  loop.run_until([&] { return calls == 2; });
  alarm->set(now());
  alarm->clear();
  alarm.reset();
  other->set(now() + 1ms);
  loop.run_until([&] { return others == 1; });
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace troupe::apps::bench
