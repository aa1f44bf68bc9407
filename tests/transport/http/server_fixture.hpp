// A server with sessions that record what happens to them and answer as the test says.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/transport/http/loop.hpp"
#include "transport/http/server.hpp"

namespace troupe::transport::http {

struct recording_session final : session {
  explicit recording_session(connection& c) : line{&c} {}

  void on_request(request message) override {
    requests.push_back(std::move(message));
    if (answer) answer(*this);
  }
  void on_drain() override {
    ++drains;
    if (drain) drain(*this);
  }
  void on_overdue() override { ++overdue; }
  void on_close() override {
    ++closes;
    line = nullptr;
  }

  connection* line;
  std::vector<request> requests;
  std::function<void(recording_session&)> answer;
  std::function<void(recording_session&)> drain;
  int drains = 0;
  int overdue = 0;
  int closes = 0;
};

class server_test : public testing::Test {
 protected:
  // Starts the server; sessions get the answer as it is when they are made.
  void serve() {
    server_ = std::make_unique<server>(
        loop_.context(), limits_,
        [this](connection& c) {
          auto made = std::make_shared<recording_session>(c);
          made->answer = answer_;
          sessions_.push_back(made);
          return made;
        },
        [this](closing why) { closings_.push_back(why); });
    const auto port = server_->listen("127.0.0.1", 0, false);
    ASSERT_TRUE(port);
    port_ = *port;
  }

  raw_socket connect(int receive_buffer_bytes = 0) {
    return raw_socket::connect(port_, receive_buffer_bytes);
  }

  recording_session& last_session() { return *sessions_.back(); }

  bool until(const std::function<bool()>& condition) { return loop_.run_until(condition); }

  // Runs until so much was received that it holds the text.
  bool until_received(raw_socket& socket, std::string_view text) {
    return until([&] {
      socket.receive();
      return socket.received().find(text) != std::string::npos;
    });
  }

  bool until_ended(raw_socket& socket) {
    return until([&] {
      socket.receive();
      return socket.ended();
    });
  }

  // Sends one request and returns all that comes until the server closes.
  std::string answer_to(std::string_view bytes) {
    auto client = connect();
    client.send(bytes);
    EXPECT_TRUE(until_ended(client)) << client.received();
    return client.received();
  }

  loop loop_;
  config::http_limits limits_;
  std::function<void(recording_session&)> answer_ = [](recording_session& s) {
    s.line->send({200, {}}, "echo:" + s.requests.back().body);
  };
  std::vector<std::shared_ptr<recording_session>> sessions_;
  std::vector<closing> closings_;
  std::unique_ptr<server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace troupe::transport::http
