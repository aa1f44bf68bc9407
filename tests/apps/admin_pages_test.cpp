// What the admin API says of engines and of changes.
#include "apps/admin_pages.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/admin_client.hpp"
#include "apps/admin_tables.hpp"

namespace troupe::apps {
namespace {

actors::engine_status status(bool up, std::uint32_t leases, bool draining) {
  actors::engine_status made;
  made.name = "a";
  made.up = up;
  made.load = 5;
  made.leases = leases;
  made.settings = {.weight = 3, .requests_max = 9, .draining = draining};
  made.kv_usage = 0.25;
  made.models = {"m", "n"};
  return made;
}

TEST(admin_pages, one_word_says_what_an_engine_does) {
  EXPECT_EQ(engine_word(nullptr), "starting");
  auto known = status(true, 2, false);
  EXPECT_EQ(engine_word(&known), "up");
  known = status(true, 2, true);
  EXPECT_EQ(engine_word(&known), "draining");
  known = status(true, 0, true);
  EXPECT_EQ(engine_word(&known), "drained");
  known = status(false, 0, false);
  EXPECT_EQ(engine_word(&known), "down");
  known.models.clear();
  EXPECT_EQ(engine_word(&known), "starting");
}

std::map<std::string, config::engine_spec> two_engines() {
  config::engine_spec a, b;
  a.name = "a";
  a.kind = config::engine_kind::openai;
  a.url = "http://h:1";
  b.name = "b";
  return {{"a", a}, {"b", b}};
}

TEST(admin_pages, lists_every_engine_with_what_is_known_of_it) {
  const auto page =
      nlohmann::json::parse(engines_page(two_engines(), {"b"}, {status(true, 2, false)}));
  const auto& a = page["engines"][0];
  EXPECT_EQ(a["name"], "a");
  EXPECT_EQ(a["kind"], "openai");
  EXPECT_EQ(a["url"], "http://h:1");
  EXPECT_EQ(a["state"], "up");
  EXPECT_EQ(a["weight"], 3);
  EXPECT_EQ(a["requests_max"], 9);
  EXPECT_EQ(a["requests"], 5);
  EXPECT_EQ(a["in_flight"], 2);
  EXPECT_EQ(a["kv_usage"], 0.25);
  EXPECT_EQ(a["models"], (std::vector<std::string>{"m", "n"}));
  EXPECT_EQ(a["leaving"], false);
  const auto& b = page["engines"][1];
  EXPECT_EQ(b["state"], "starting");
  EXPECT_EQ(b["leaving"], true);
  EXPECT_FALSE(b.contains("url"));
}

TEST(admin_pages, shows_the_list_as_a_table) {
  EXPECT_EQ(engines_table(engines_page(two_engines(), {}, {status(true, 2, false)})),
            "NAME  STATE     WEIGHT  REQUESTS  IN FLIGHT  KV   MODELS\n"
            "a     up        3       5         2          25%  m,n\n"
            "b     starting  1       0         0          0%   -\n");
  EXPECT_EQ(engines_table("no json"), "no json");
}

TEST(admin_pages, says_what_a_reload_does) {
  config::topology_change change;
  change.added.push_back(two_engines().at("a"));
  change.removed = {"z"};
  change.router = true;
  change.tls = true;
  change.api_keys = {{"k"}, {"l", "m"}, {}};
  change.needs_start = {"endpoint.listen"};
  EXPECT_EQ(change_page(change),
            R"({"added":["a"],"replaced":[],"resettled":[],"removed":["z"],"router":true,)"
            R"("stream":false,"tls":true,"placed":false,)"
            R"("api_keys":{"added":["k"],"changed":["l","m"],"removed":[]},)"
            R"("needs_start":["endpoint.listen"]})"
            "\n");
  EXPECT_EQ(engine_page("a", "draining"), "{\"engine\":\"a\",\"state\":\"draining\"}\n");
}

TEST(admin_pages, finds_the_sentence_of_an_error) {
  EXPECT_EQ(error_sentence(R"({"error":{"message":"no such engine"}})"), "no such engine");
  EXPECT_EQ(error_sentence("plain"), "plain");
}

}  // namespace
}  // namespace troupe::apps
