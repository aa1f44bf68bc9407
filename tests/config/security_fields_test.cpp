// Keys, certificates and secrets in a configuration file: what is read, and that no mistake tells
// one.
#include <gtest/gtest.h>

#include "config/topology_reader.hpp"

namespace troupe::config {
namespace {

const std::string source_dir = TROUPE_SOURCE_DIR;
const std::string digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr auto secret = "sk-troupe-very-secret";

std::optional<std::string> variables(const std::string& name) {
  if (name == "KEY") return secret;
  if (name == "WITH_SPACE") return std::string{secret} + " x";
  if (name == "DIGEST") return digest;
  return std::nullopt;
}

read_result read(const std::string& endpoint, const std::string& engine = "") {
  return parse_topology("troupe: 1\nnodes:\n  n:\n    endpoint: {" + endpoint +
                            "}\n    actors:\n      - router: {}\n      - engine: {name: e, kind: "
                            "openai, url: \"https://h:1\"" +
                            engine + "}\n",
                        "f", variables);
}

std::string mistakes_of(const std::string& endpoint, const std::string& engine = "") {
  const auto text = to_string(read(endpoint, engine).mistakes);
  EXPECT_EQ(text.find(secret), std::string::npos) << text;
  return text;
}

TEST(security_fields, keys_are_read) {
  const auto all = read_topology(source_dir + "/tests/config/every_key.yaml", variables);
  ASSERT_EQ(to_string(all.mistakes), "");
  const auto& endpoint = all.value.nodes.at(0).endpoint;
  EXPECT_EQ(endpoint.tls.certificate, source_dir + "/tests/config/tls/cert.pem");
  EXPECT_EQ(endpoint.tls.key, source_dir + "/tests/config/tls/key.pem");
  EXPECT_EQ(endpoint.tls.client_ca, source_dir + "/tests/config/tls/clients.pem");
  ASSERT_EQ(endpoint.api_keys.size(), 1U);
  const auto& key = endpoint.api_keys.front();
  EXPECT_EQ(key.name, "team-a");
  EXPECT_EQ(key.sha256, digest);
  EXPECT_EQ(key.models, (std::vector<std::string>{"small", "large"}));
  EXPECT_EQ(key.requests_per_s, 5U);
  EXPECT_EQ(key.tokens_per_min, 60'000U);
  EXPECT_EQ(endpoint.limits.handshakes_max, 20U);
  EXPECT_EQ(endpoint.limits.handshake_timeout, std::chrono::seconds{3});
  EXPECT_EQ(endpoint.limits.stop_timeout, std::chrono::minutes{1});
}

TEST(security_fields, defaults_ask_for_nothing) {
  const auto found = read("");
  ASSERT_EQ(to_string(found.mistakes), "");
  const auto& node = found.value.nodes.at(0);
  EXPECT_EQ(node.endpoint.tls.certificate, "");
  EXPECT_TRUE(node.endpoint.api_keys.empty());
  EXPECT_EQ(node.engines.at(0).api_key, "");
}

TEST(security_fields, secrets_come_from_variables) {
  const auto found = read("api_keys: {a: {sha256: \"${DIGEST}\"}}", ", api_key: \"${KEY}\"");
  ASSERT_EQ(to_string(found.mistakes), "");
  EXPECT_EQ(found.value.nodes.at(0).engines.at(0).api_key, secret);
  EXPECT_EQ(found.value.nodes.at(0).endpoint.api_keys.at(0).sha256, digest);
  EXPECT_EQ(mistakes_of("", ", api_key: \"${NONE}\"").find("NONE") == std::string::npos, false);
}

TEST(security_fields, a_key_in_the_place_of_its_hash_is_not_shown) {
  const std::string text = mistakes_of("api_keys: {a: {sha256: " + std::string{secret} + "}}");
  EXPECT_EQ(text,
            "f:4:39: nodes.n.endpoint.api_keys.a.sha256 is not a SHA-256 in 64 hexadecimal digits; "
            "`troupe key new NAME` makes a key and these digits\n");
  EXPECT_NE(mistakes_of("api_keys: {a: {sha256: \"${KEY}\"}}"), "");
  EXPECT_NE(mistakes_of("api_keys: {a: {sha256: " + digest.substr(1) + "}}"), "");
  EXPECT_NE(mistakes_of("api_keys: {a: {}}").find("sha256 is missing"), std::string::npos);
}

TEST(security_fields, an_engines_key_that_cannot_be_sent_is_not_shown) {
  const std::string text = mistakes_of("", ", api_key: \"${WITH_SPACE}\"");
  EXPECT_NE(text.find("api_key holds a space"), std::string::npos) << text;
  EXPECT_NE(mistakes_of("", ", api_key: [" + std::string{"a"} + "]").find("expected a text"),
            std::string::npos);
}

TEST(security_fields, lists_of_texts_are_lists_of_texts) {
  const std::string key = "api_keys: {a: {sha256: " + digest + ", models: ";
  EXPECT_EQ(mistakes_of(key + "[]}}"), "");
  EXPECT_NE(mistakes_of(key + "small}}").find("expected a list such as [a, b]"), std::string::npos);
  EXPECT_NE(mistakes_of(key + "}}").find("models is nothing"), std::string::npos);
  EXPECT_NE(mistakes_of(key + "[[a]]}}").find("models[0] is a list"), std::string::npos);
  EXPECT_NE(mistakes_of(key + "[\"${NONE}\"]}}").find("models[0] "), std::string::npos);
}

TEST(security_fields, tls_needs_both_files) {
  EXPECT_EQ(mistakes_of("tls: {certificate: a, key: b}"), "");
  EXPECT_EQ(mistakes_of("tls: {}"), "");
  for (const auto* half : {"certificate: a", "key: b", "client_ca: c", "key: b, client_ca: c"}) {
    EXPECT_NE(mistakes_of("tls: {" + std::string{half} + "}").find("needs both"), std::string::npos)
        << half;
  }
}

TEST(security_fields, authorities_are_for_https) {
  EXPECT_EQ(mistakes_of("", ", ca: x.pem"), "");
  const auto plain = parse_topology(
      "{troupe: 1, nodes: {n: {actors: [router: {}, engine: {name: e, kind: openai, url: "
      "'http://h:1', ca: x.pem}]}}}",
      "f", variables);
  EXPECT_NE(to_string(plain.mistakes).find("plain http"), std::string::npos);
}

TEST(security_fields, rates_are_bounded) {
  const std::string key = "api_keys: {a: {sha256: " + digest + ", ";
  EXPECT_NE(mistakes_of(key + "requests_per_s: 1000001}}"), "");
  EXPECT_NE(mistakes_of(key + "tokens_per_min: -1}}"), "");
}

}  // namespace
}  // namespace troupe::config
