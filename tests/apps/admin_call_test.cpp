// What the admin API is asked for, and by whom.
#include "apps/admin_call.hpp"

#include <gtest/gtest.h>

#include "runtime/errc.hpp"

namespace troupe::apps {
namespace {

admin_call read(std::string_view method, std::string_view target) {
  const auto call = read_admin_call(method, target);
  EXPECT_TRUE(call) << method << " " << target;
  return call ? *call : admin_call{};
}

errc mistake(std::string_view method, std::string_view target) {
  const auto call = read_admin_call(method, target);
  EXPECT_FALSE(call) << method << " " << target;
  return call ? errc::io_error : failure_code(call.error(), errc::io_error);
}

TEST(admin_call, reads_every_verb) {
  EXPECT_EQ(read("GET", "/admin/engines").verb, admin_verb::list);
  EXPECT_EQ(read("POST", "/admin/engines").verb, admin_verb::add);
  EXPECT_EQ(read("POST", "/admin/reload").verb, admin_verb::reload);
  EXPECT_EQ(read("GET", "/admin/cluster").verb, admin_verb::cluster);
  EXPECT_EQ(read("GET", "/metrics").verb, admin_verb::metrics);
  const auto drain = read("POST", "/admin/engines/gpu-0/drain");
  EXPECT_EQ(drain.verb, admin_verb::drain);
  EXPECT_EQ(drain.engine, "gpu-0");
  EXPECT_EQ(read("POST", "/admin/engines/gpu-0/resume").verb, admin_verb::resume);
  const auto remove = read("DELETE", "/admin/engines/gpu.0");
  EXPECT_EQ(remove.verb, admin_verb::remove);
  EXPECT_EQ(remove.engine, "gpu.0");
  EXPECT_FALSE(remove.force);
  EXPECT_TRUE(read("DELETE", "/admin/engines/a?force").force);
  EXPECT_TRUE(read("DELETE", "/admin/engines/a?force=true").force);
}

TEST(admin_call, knows_what_is_not_there_and_what_is_not_allowed) {
  for (const auto* target : {"/", "/admin", "/admin/engine", "/admin/enginesx", "/v1/models",
                             "/admin/engines/a/restart", "/admin/engines/a/drain/x",
                             "/admin/engines/", "/admin/engines//drain", "/admin/engines//"}) {
    EXPECT_EQ(mistake("POST", target), errc::not_found) << target;
  }
  EXPECT_EQ(mistake("DELETE", "/admin/engines/"), errc::not_found);
  EXPECT_EQ(mistake("DELETE", "/admin/engines/?force"), errc::not_found);
  EXPECT_EQ(mistake("DELETE", "/admin/engines"), errc::method_not_allowed);
  EXPECT_EQ(mistake("GET", "/admin/reload"), errc::method_not_allowed);
  EXPECT_EQ(mistake("POST", "/admin/cluster"), errc::method_not_allowed);
  EXPECT_EQ(mistake("DELETE", "/metrics"), errc::method_not_allowed);
  EXPECT_EQ(mistake("GET", "/admin/cluster/front"), errc::not_found);
  EXPECT_EQ(mistake("GET", "/admin/engines/a/drain"), errc::method_not_allowed);
  EXPECT_EQ(mistake("POST", "/admin/engines/a"), errc::method_not_allowed);
  EXPECT_EQ(mistake("DELETE", "/admin/engines/a?forced"), errc::invalid_request);
  EXPECT_EQ(mistake("POST", "/admin/engines/a/drain?force"), errc::invalid_request);
}

transport::http::request with(std::string_view name, std::string_view value) {
  transport::http::request message;
  message.fields.add(name, value);
  return message;
}

TEST(admin_call, lets_in_who_has_the_token) {
  EXPECT_TRUE(is_authorised(with("Authorization", "Bearer s3cret"), "s3cret"));
  EXPECT_TRUE(is_authorised(with("authorization", "bearer s3cret"), "s3cret"));
  for (const auto* value : {"Bearer s3cre", "Bearer s3crets", "Bearer ", "Bearer", "s3cret", "",
                            "Basic s3cret", "Bearer s3creT", "Bearer s3cret s3cret"}) {
    EXPECT_FALSE(is_authorised(with("Authorization", value), "s3cret")) << value;
  }
  EXPECT_FALSE(is_authorised({}, "s3cret"));
  EXPECT_TRUE(is_authorised({}, ""));
}

TEST(admin_call, serves_no_web_page) {
  EXPECT_TRUE(is_from_a_page(with("Origin", "http://evil.example")));
  EXPECT_TRUE(is_from_a_page(with("Sec-Fetch-Site", "cross-site")));
  EXPECT_FALSE(is_from_a_page(with("User-Agent", "curl")));
}

}  // namespace
}  // namespace troupe::apps
