// TLS between our own client and our own server, over real connections.
#include "tests/transport/http/certificates.hpp"
#include "tests/transport/http/client_fixture.hpp"
#include "tests/transport/http/server_fixture.hpp"
#include "transport/http/tls_identity.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class tls_test : public server_test {
 protected:
  void serve_tls(const config::tls_spec& files) {
    auto opened = tls_identity::open(files);
    ASSERT_TRUE(opened) << failure_text(opened.error());
    identity_ = *opened;
    serve();
    server_->use_tls(identity_);
  }

  // A client that believes in an authority.
  void trust(const std::string& ca) {
    auto context = tls_context::of_client(ca);
    ASSERT_TRUE(context) << failure_text(context.error());
    client_ = std::make_unique<client>(loop_.context(), client_limits_);
    for (const auto* host : {"127.0.0.1", "localhost"}) {
      client_->describe({host, port_}, {"", *context});
    }
  }

  void ask(recorder& answer, std::string body = "", const std::string& host = "127.0.0.1") {
    request head;
    head.method = body.empty() ? "GET" : "POST";
    client_->start({host, port_}, head, std::make_shared<const std::string>(std::move(body)),
                   answer);
    EXPECT_TRUE(until([&] { return answer.over(); }));
  }

  authority authority_;
  std::shared_ptr<tls_identity> identity_;
  config::client_limits client_limits_;
  std::unique_ptr<client> client_;
};

TEST_F(tls_test, carries_requests_and_keeps_the_connection) {
  serve_tls(authority_.sign());
  trust(authority_.file());
  for (int i = 0; i < 3; ++i) {
    recorder answer;
    ask(answer, "question");
    EXPECT_EQ(answer.body, "echo:question") << answer.text;
  }
  EXPECT_EQ(sessions_.size(), 1U);
}

TEST_F(tls_test, carries_large_bodies_both_ways) {
  std::string body(5 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>((i * 40503U) >> 7);
  serve_tls(authority_.sign());
  trust(authority_.file());
  recorder answer;
  ask(answer, body);
  EXPECT_TRUE(answer.body == "echo:" + body) << answer.body.size() << answer.text;
}

TEST_F(tls_test, streams_pieces_as_they_come) {
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  serve_tls(authority_.sign());
  trust(authority_.file());
  recorder answer;
  request head;
  const auto under_way =
      client_->start({"127.0.0.1", port_}, head, std::make_shared<const std::string>(), answer);
  ASSERT_TRUE(until([&] { return answer.head.status == 200; }));
  for (int i = 1; i <= 5; ++i) {
    last_session().line->write("piece;");
    ASSERT_TRUE(until([&] { return answer.body.size() == 6U * static_cast<unsigned>(i); }));
  }
  last_session().line->finish();
  EXPECT_TRUE(until([&] { return answer.ends == 1; }));
}

TEST_F(tls_test, a_slow_reader_is_seen_through_tls) {
  answer_ = [](recording_session& s) { s.line->start({200, {}}); };
  limits_.queued_bytes_max = 1 << 30;
  serve_tls(authority_.sign());
  trust(authority_.file());
  recorder answer;
  request head;
  const auto under_way =
      client_->start({"127.0.0.1", port_}, head, std::make_shared<const std::string>(), answer);
  ASSERT_TRUE(until([&] { return answer.head.status == 200; }));
  under_way->pause();
  const std::string piece(1 << 20, 'p');
  std::size_t written = 0;
  while (last_session().line->queued_bytes() == 0) {
    last_session().line->write(piece);
    written += piece.size();
    loop_.settle();
    ASSERT_LT(written, 100U << 20);
  }
  last_session().drain = [](recording_session& s) { s.line->finish(); };
  under_way->resume();
  ASSERT_TRUE(until([&] { return answer.ends == 1; }));
  EXPECT_EQ(last_session().drains, 1);
  EXPECT_EQ(answer.body.size(), written);
}

TEST_F(tls_test, a_name_is_checked_as_a_name) {
  serve_tls(authority_.sign({.names = "DNS:localhost"}));
  trust(authority_.file());
  recorder by_name;
  ask(by_name, "q", "localhost");
  EXPECT_EQ(by_name.body, "echo:q") << by_name.text;
  recorder by_address;
  ask(by_address, "q");
  EXPECT_EQ(by_address.code, errc::connect_failed);
  EXPECT_THAT(by_address.text, HasSubstr("IP address mismatch"));
}

TEST_F(tls_test, certificates_that_are_not_good_are_refused) {
  struct bad {
    authority::wish wish;
    const char* why;
  };
  for (const auto& [wish, why] : {bad{{.names = "DNS:other.example,IP:127.0.0.2"}, "mismatch"},
                                  bad{{.days_from = -3, .days_to = -1}, "expired"},
                                  bad{{.days_from = 2, .days_to = 3}, "not yet valid"}}) {
    serve_tls(authority_.sign(wish));
    trust(authority_.file());
    recorder answer;
    ask(answer, "q");
    EXPECT_EQ(answer.code, errc::connect_failed);
    EXPECT_THAT(answer.text, HasSubstr(why));
    EXPECT_TRUE(last_session().requests.empty()) << why;
  }
}

TEST_F(tls_test, an_unknown_authority_is_refused) {
  const authority other;
  serve_tls(authority_.sign());
  for (const auto& believed : {other.file(), std::string{}}) {  // empty: the system's
    trust(believed);
    recorder answer;
    ask(answer, "q");
    EXPECT_EQ(answer.code, errc::connect_failed);
    EXPECT_THAT(answer.text, HasSubstr("certificate"));
    EXPECT_TRUE(last_session().requests.empty());
  }
}

TEST_F(tls_test, a_plain_server_is_no_tls_server) {
  serve();
  trust(authority_.file());
  recorder answer;
  ask(answer, "q");
  EXPECT_EQ(answer.code, errc::connect_failed);
  EXPECT_THAT(answer.text, HasSubstr("TLS"));
}

TEST_F(tls_test, a_plain_client_gets_nothing_but_a_close) {
  serve_tls(authority_.sign());
  auto plain = connect();
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(until_ended(plain));
  EXPECT_EQ(plain.received().find("HTTP/1.1"), std::string::npos);
  EXPECT_TRUE(last_session().requests.empty());
}

TEST_F(tls_test, garbage_gets_nothing_but_a_close) {
  serve_tls(authority_.sign());
  for (const std::string& bytes :
       {std::string(10'000, '\0'), std::string(10'000, '\x16'),
        std::string{"\x16\x03\x01\xff\xff"} + std::string(40'000, 'x')}) {
    auto client = connect();
    client.send(bytes);
    EXPECT_TRUE(until_ended(client));
  }
  EXPECT_TRUE(until([&] { return server_->connections() == 0; }));
}

TEST_F(tls_test, a_handshake_that_stalls_is_closed) {
  limits_.handshake_timeout = 50ms;
  serve_tls(authority_.sign());
  auto silent = connect();
  auto half = connect();
  half.send(std::string_view{"\x16\x03\x01\x02\x00\x01", 6});
  EXPECT_TRUE(until_ended(silent));
  EXPECT_TRUE(until_ended(half));
}

TEST_F(tls_test, handshakes_under_way_are_bounded) {
  limits_.handshakes_max = 2;
  serve_tls(authority_.sign());
  trust(authority_.file());
  auto first = connect();
  auto second = connect();
  ASSERT_TRUE(until([&] { return server_->connections() == 2; }));
  auto third = connect();
  ASSERT_TRUE(until_ended(third));
  EXPECT_THAT(closings_, ElementsAre(closing::handshakes));
  first.close();
  ASSERT_TRUE(until([&] { return server_->connections() == 1; }));
  for (int i = 0; i < 5; ++i) {  // handshakes that are over do not count
    recorder answer;
    client_.reset();
    trust(authority_.file());
    ask(answer, "q");
    EXPECT_EQ(answer.body, "echo:q") << answer.text;
  }
}

TEST_F(tls_test, clients_show_certificates_where_asked_to) {
  auto files = authority_.sign();
  files.client_ca = authority_.file();
  serve_tls(files);
  trust(authority_.file());
  recorder answer;
  ask(answer, "q");
  EXPECT_EQ(answer.errors, 1);
  EXPECT_TRUE(last_session().requests.empty());
}

TEST_F(tls_test, a_renewed_certificate_serves_new_connections_and_disturbs_no_old_one) {
  serve_tls(authority_.sign());
  trust(authority_.file());
  recorder before;
  ask(before, "q");
  ASSERT_EQ(before.body, "echo:q") << before.text;
  const authority other;
  const auto opened = tls_identity::open(other.sign());
  ASSERT_TRUE(opened) << failure_text(opened.error());
  identity_->adopt(**opened);
  recorder kept;
  ask(kept, "q");  // on the connection there is
  EXPECT_EQ(kept.body, "echo:q") << kept.text;
  EXPECT_EQ(sessions_.size(), 1U);
  trust(authority_.file());
  recorder anew;
  ask(anew, "q");
  EXPECT_EQ(anew.code, errc::connect_failed);
  trust(other.file());
  recorder renewed;
  ask(renewed, "q");
  EXPECT_EQ(renewed.body, "echo:q") << renewed.text;
}

}  // namespace
}  // namespace troupe::transport::http
