// A stream actor between a scripted router, scripted engines and a recorded client.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "actors/names.hpp"
#include "actors/stream/stream.hpp"
#include "tests/actors/simulated_system.hpp"

namespace troupe::actors {

namespace http = transport::http;

// What the client has received.
struct recorded_client final : http::connection {
  void send(http::response_head h, std::string b) override {
    head = std::move(h);
    body = std::move(b);
    ++answers;
    finished = true;
  }
  void start(http::response_head h) override {
    head = std::move(h);
    ++answers;
  }
  void write(std::string_view bytes) override { body += bytes; }
  void finish() override { finished = true; }
  std::size_t queued_bytes() const override { return queued; }
  void abort() override { aborted = true; }
  std::string peer() const override { return "client"; }

  http::response_head head;
  std::string body;
  int answers = 0;
  bool finished = false;
  bool aborted = false;
  std::size_t queued = 0;
};

// One request to an engine, driven by the test.
struct scripted_exchange final : http::exchange {
  void cancel() override { cancelled = true; }
  void pause() override { paused = true; }
  void resume() override { paused = false; }

  void answer(unsigned status, std::string type, std::string_view body) {
    http::response_head head;
    head.status = status;
    head.fields.add("Content-Type", type);
    head.fields.add("Connection", "keep-alive");
    handler->on_head(std::move(head));
    if (!body.empty()) handler->on_body(body);
  }

  http::endpoint to;
  http::request message;
  std::shared_ptr<const std::string> body;
  http::exchange_handler* handler = nullptr;
  bool cancelled = false;
  bool paused = false;
};

struct stream_fixture : testing::Test {
  stream_fixture() {
    spec.router.limits.attempts_max = 3;
    auto router = (*system).spawn([this](router_actor::pointer) { return router_behavior(); });
    names.put(router_name, router);
    context = std::make_unique<stream_context>(stream_context{
        [this](const http::endpoint& to, http::request message,
               std::shared_ptr<const std::string> body, http::exchange_handler& handler) {
          auto made = std::make_shared<scripted_exchange>();
          made->to = to;
          made->message = std::move(message);
          made->body = std::move(body);
          made->handler = &handler;
          exchanges.push_back(made);
          return made;
        },
        spec, names, metrics, prompt_reader{{}}, cached_handle<router_actor>{names, router_name},
        [] { return std::string{"page 1\n"}; }, [this] { return ending; }});
    session = make_stream_session(*system, nullptr, *context, client);
    system.run();
  }

  ~stream_fixture() override {
    if (session) close();
    names.erase(router_name);
    context->router.reset();
    router_script.clear();
    system.run();
  }

  // The router: gives out the engines of the script, one for each request.
  router_actor::behavior_type router_behavior() {
    return {
        [this](const route_request& request) -> caf::result<engine_lease> {
          routed.push_back(request);
          if (router_script.empty()) return router_refusal;
          auto engine = router_script.front();
          router_script.pop_front();
          auto id = static_cast<lease_id>(routed.size());
          return engine_lease{id,
                              engine_id{engine},
                              "e" + std::to_string(engine),
                              "127.0.0.1",
                              static_cast<std::uint16_t>(9000 + engine),
                              request.epoch,
                              0};
        },
        [this](const first_token_came& message) { first_tokens.push_back(message); },
        [this](const request_ended& message) { ended.push_back(message); },
        [](const engine_report&, const engine_proxy_actor&) {},
        [](get_models) {
          return model_listing{{{"m", R"({"id":"m"})"}}, {{"e0", true, 2}}};
        },
        [](maintain_tick) {},
        [this](withdraw_request message) { withdrawn.push_back(message.request); },
        [](settle_tick) {},
        [](const reconfigure_router&) {},
    };
  }

  void post(std::string body, std::string path = "/v1/chat/completions") {
    http::request message;
    message.method = "POST";
    message.target = std::move(path);
    message.fields.add("X-Request-Id", "req-1");
    message.fields.add("Authorization", "Bearer k");
    message.fields.add("Host", "front");
    message.fields.add("Connection", "keep-alive");
    message.body = std::move(body);
    session->on_request(std::move(message));
    system.run();
  }

  void get(std::string path) {
    http::request message;
    message.target = std::move(path);
    session->on_request(std::move(message));
    system.run();
  }

  void close() {
    session->on_close();
    session.reset();
    system.run();
  }

  scripted_exchange& engine(std::size_t attempt = 0) { return *exchanges.at(attempt); }

  simulated_system system;
  config::node_spec spec;
  registry names;
  prometheus::Registry prometheus_registry;
  stream_metrics metrics{prometheus_registry};
  recorded_client client;
  std::string_view ending;
  std::deque<std::uint32_t> router_script;
  caf::error router_refusal = make_failure(errc::no_engine, "no engine is up");  // then
  std::vector<std::uint64_t> withdrawn;
  std::vector<route_request> routed;
  std::vector<first_token_came> first_tokens;
  std::vector<request_ended> ended;
  std::vector<std::shared_ptr<scripted_exchange>> exchanges;
  std::unique_ptr<stream_context> context;
  std::shared_ptr<http::session> session;
};

}  // namespace troupe::actors
