// Endpoints behind https and keys: whom the benchmark believes, and what it shows.
#include "apps/bench/endpoint_trust.hpp"

#include <gtest/gtest.h>

#include "apps/bench/endpoint_probe.hpp"
#include "runtime/errc.hpp"
#include "tests/transport/http/certificates.hpp"
#include "tests/transport/http/server_fixture.hpp"
#include "transport/http/tls_identity.hpp"

namespace troupe::apps::bench {
namespace {

namespace http = transport::http;
using session = http::recording_session;
using testing::HasSubstr;

class endpoint_trust_test : public testing::Test {
 protected:
  // Listens, with TLS where there are files, and makes it the endpoint to measure.
  void serve(const std::optional<config::tls_spec>& files) {
    server_.emplace(loop_.context(), config::http_limits{}, [this](http::connection& c) {
      sessions_.push_back(std::make_shared<session>(c));
      sessions_.back()->answer = [](session& s) {
        s.line->send({200, {}}, R"({"data":[{"id":"m1"}]})");
      };
      return sessions_.back();
    });
    if (files) server_->use_tls(http::tls_identity::open(*files).value());
    const auto port = server_->listen("127.0.0.1", 0, false);
    ASSERT_TRUE(port);
    const std::string scheme = files ? "https" : "http";
    settings_.targets = {*parse_target(scheme + "://127.0.0.1:" + std::to_string(*port))};
  }

  // What a probe hears: the model, or what kept it from hearing it.
  std::string heard() {
    http::client client{loop_.context(), config::client_limits{}};
    if (const auto error = trust_endpoints(client, settings_)) return failure_text(error);
    endpoint_probe probe{loop_, client, settings_};
    const auto model = probe.first_model(settings_.targets.front());
    return model ? *model : failure_text(model.error());
  }

  http::authority authority_;
  run_loop loop_;
  bench_settings settings_;
  std::vector<std::shared_ptr<session>> sessions_;
  std::optional<http::server> server_;
};

TEST_F(endpoint_trust_test, believes_the_authorities_it_is_told_and_else_the_system_s) {
  serve(authority_.sign());
  settings_.ca = authority_.file();
  EXPECT_EQ(heard(), "m1");
  settings_.ca.clear();
  EXPECT_THAT(heard(), HasSubstr("the certificate is refused"));
  const http::authority other;
  settings_.ca = other.file();
  EXPECT_THAT(heard(), HasSubstr("the certificate is refused"));
  settings_.ca = "/no/such.pem";
  EXPECT_THAT(heard(), HasSubstr("/no/such.pem"));
}

TEST_F(endpoint_trust_test, believes_anybody_only_where_it_is_told_to) {
  serve(authority_.sign({.names = "DNS:other.example", .days_from = -3, .days_to = -1}));
  settings_.ca = authority_.file();
  EXPECT_THAT(heard(), HasSubstr("the certificate is refused"));
  settings_.ca.clear();
  settings_.insecure = true;
  EXPECT_EQ(heard(), "m1");
}

TEST_F(endpoint_trust_test, shows_its_key_to_plain_and_sealed_endpoints) {
  settings_.api_key = "sk-x";
  settings_.insecure = true;
  for (const auto& files : {std::optional<config::tls_spec>{}, std::optional{authority_.sign()}}) {
    serve(files);
    EXPECT_EQ(heard(), "m1");
    EXPECT_EQ(sessions_.back()->requests.back().fields.find("authorization"), "Bearer sk-x");
  }
  settings_.api_key.clear();
  EXPECT_EQ(heard(), "m1");
  EXPECT_FALSE(sessions_.back()->requests.back().fields.contains("authorization"));
}

}  // namespace
}  // namespace troupe::apps::bench
