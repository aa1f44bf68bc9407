// A client, a raw upstream for it, and a handler that records its answer.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transport/http/loop.hpp"
#include "transport/http/client.hpp"

namespace troupe::transport::http {

struct recorder final : exchange_handler {
  void on_head(response_head h) override {
    head = std::move(h);
    if (head_came) head_came();
  }
  void on_body(std::string_view bytes) override {
    body.append(bytes);
    ++pieces;
    if (body_came) body_came();
  }
  void on_end() override { ++ends; }
  void on_error(errc c, const std::string& t) override {
    ++errors;
    code = c;
    text = t;
  }
  bool over() const { return ends + errors > 0; }

  response_head head{0, {}};
  std::string body;
  std::string text;
  std::function<void()> head_came, body_came;
  int pieces = 0;
  int ends = 0;
  int errors = 0;
  errc code{};
};

class client_test : public testing::Test {
 protected:
  client& engine_client() {
    if (!client_) client_ = std::make_unique<client>(loop_.context(), limits_);
    return *client_;
  }

  std::shared_ptr<exchange> start(recorder& to, std::string body = "", exchange_options o = {}) {
    request head;
    head.method = body.empty() ? "GET" : "POST";
    head.target = "/v1/x?y";
    head.fields.add("X-Id", "7");
    head.fields.add("Connection", "upgrade");
    head.fields.add("Host", "forged");
    return engine_client().start({"127.0.0.1", listener_.port()}, head,
                                 std::make_shared<const std::string>(std::move(body)), to, o);
  }

  bool until(const std::function<bool()>& condition) { return loop_.run_until(condition); }

  void accept() {
    ASSERT_TRUE(until([&] { return listener_.accept(engine_); }));
  }

  void until_request(std::string_view end = "\r\n\r\n") {
    ASSERT_TRUE(until([&] {
      engine_.receive();
      return engine_.received().find(end) != std::string::npos;
    }));
  }

  // Runs one exchange whose answer is these bytes.
  void exchange_bytes(recorder& to, std::string_view bytes, bool close) {
    const auto under_way = start(to);
    accept();
    until_request();
    engine_.send(bytes);
    if (close) engine_.close();
    EXPECT_TRUE(until([&] { return to.over(); })) << bytes;
    loop_.settle();
    EXPECT_EQ(to.ends + to.errors, 1);
  }

  loop loop_;
  config::client_limits limits_;
  raw_listener listener_;
  raw_socket engine_;
  std::unique_ptr<client> client_;
};

}  // namespace troupe::transport::http
