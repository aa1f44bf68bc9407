// An orderly stop: what has been sent is answered, what is idle goes, and nobody is reset.
#include "tests/transport/http/server_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(server_test, a_request_on_its_way_when_the_server_stops_is_answered) {
  serve();
  auto client = connect();
  client.send(get);
  ASSERT_TRUE(until_received(client, "echo:"));
  client.clear();
  server_->stop();
  client.send(get);  // nobody has told this client yet
  ASSERT_TRUE(until_ended(client));
  EXPECT_THAT(client.received(), HasSubstr("200 OK"));
  EXPECT_THAT(client.received(), HasSubstr("Connection: close"));
}

TEST_F(server_test, a_request_half_sent_when_the_server_stops_is_answered) {
  serve();
  auto client = connect();
  client.send(get.substr(0, 10));
  ASSERT_TRUE(until([&] { return server_->connections() == 1; }));
  loop_.settle();
  server_->stop();
  EXPECT_FALSE(loop_.run_until([&] { return server_->connections() == 0; }, 200ms));
  client.send(get.substr(10));
  ASSERT_TRUE(until_ended(client));
  EXPECT_THAT(client.received(), HasSubstr("200 OK"));
  EXPECT_THAT(client.received(), HasSubstr("Connection: close"));
}

TEST_F(server_test, who_waits_to_be_accepted_when_the_server_stops_is_answered) {
  serve();
  std::vector<raw_socket> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect());
    clients.back().send(get);
  }
  server_->stop();  // the loop has not run: none is accepted yet
  for (auto& client : clients) {
    ASSERT_TRUE(until_ended(client));
    EXPECT_THAT(client.received(), HasSubstr("200 OK"));
  }
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(server_test, after_a_stop_nobody_can_connect) {
  serve();
  server_->stop();
  EXPECT_THROW(connect(), std::runtime_error);
}

TEST_F(server_test, a_client_that_stays_silent_does_not_hold_up_the_stop) {
  limits_.idle_timeout = std::chrono::hours{1};
  serve();
  auto client = connect();
  ASSERT_TRUE(until([&] { return server_->connections() == 1; }));
  bool drained = false;
  server_->stop();
  server_->on_drained([&] { drained = true; });
  EXPECT_TRUE(until([&] { return drained; }));
  client.receive();
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace troupe::transport::http
