// A request to the admin API is refused as a whole, or says what is to be done with which engines.
#include "apps/admin_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace troupe::apps {
namespace {

using testing::HasSubstr;

class admin_orders : public testing::Test {
 protected:
  admin_orders() { table.retire("old", {}); }

  static config::engine_spec engine(const std::string& name) {
    config::engine_spec made;
    made.name = name;
    return made;
  }

  admin_order read(std::string_view method, std::string_view target, std::string body = {}) const {
    transport::http::request message;
    message.method = method;
    message.target = target;
    message.body = std::move(body);
    message.fields.add("Authorization", "Bearer t");
    return read_order(message, "t", table);
  }

  // Returns status and sentence of a refusal.
  static std::string told(const admin_order& order) {
    if (order.status == 0) return "";
    const auto body = nlohmann::json::parse(order.refusal);
    return std::to_string(order.status) + " " + body["error"]["message"].get<std::string>();
  }

  engine_table table{{engine("a"), engine("old")}, 3};
};

TEST_F(admin_orders, who_may_not_is_told_so_first) {
  transport::http::request message;
  message.method = "BREW";
  message.target = "/";
  EXPECT_EQ(read_order(message, "t", table).status, 401u);
  EXPECT_EQ(read_order(message, "", table).status, 404u);
  message.fields.add("Origin", "http://evil.example");
  EXPECT_EQ(read_order(message, "", table).status, 403u);
}

TEST_F(admin_orders, name_an_engine_that_is_there) {
  EXPECT_EQ(told(read("POST", "/admin/engines/b/drain")), "404 there is no engine 'b'");
  EXPECT_EQ(told(read("DELETE", "/admin/engines/b")), "404 there is no engine 'b'");
  EXPECT_EQ(read("DELETE", "/admin/engines/").status, 404u);
  const auto order = read("DELETE", "/admin/engines/a?force");
  EXPECT_EQ(told(order), "");
  EXPECT_EQ(order.call.engine, "a");
  EXPECT_TRUE(order.call.force);
}

TEST_F(admin_orders, what_leaves_does_not_come_back) {
  EXPECT_EQ(told(read("POST", "/admin/engines/old/resume")), "400 'old' is being removed");
  EXPECT_EQ(told(read("POST", "/admin/engines/old/drain")), "");
  EXPECT_EQ(told(read("POST", "/admin/engines/a/resume")), "");
}

TEST_F(admin_orders, an_engine_to_be_added_is_read_whole) {
  const auto order =
      read("POST", "/admin/engines", R"({"name":"b","kind":"openai","url":"http://h:1"})");
  EXPECT_EQ(told(order), "");
  EXPECT_EQ(order.call.verb, admin_verb::add);
  EXPECT_EQ(order.added.url, "http://h:1");
}

TEST_F(admin_orders, an_engine_that_cannot_be_added_is_refused_with_every_mistake) {
  const auto refused = [&](std::string body) {
    return told(read("POST", "/admin/engines", std::move(body)));
  };
  const auto wrong = refused("{name: b, kind: openai, url: x, y: 1}");
  EXPECT_THAT(wrong, HasSubstr("url 'x'"));
  EXPECT_THAT(wrong, HasSubstr("'y' is not a key here"));
  EXPECT_THAT(refused(""), HasSubstr("400 "));
  EXPECT_THAT(refused("{name: a, kind: openai, url: \"http://h:1\"}"),
              HasSubstr("400 an engine of this node is already called 'a'"));
  EXPECT_THAT(refused("{name: old, kind: openai, url: \"http://h:1\"}"), HasSubstr("'old'"));
  EXPECT_THAT(refused("{name: b, model: /nowhere/m.gguf}"), HasSubstr("no model file"));
  EXPECT_THAT(refused("{name: b, count: 2, model: " TROUPE_SOURCE_DIR "/README.md}"),
              HasSubstr("at most 3 engines"));
}

}  // namespace
}  // namespace troupe::apps
