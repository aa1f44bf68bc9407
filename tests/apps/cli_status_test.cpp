// `troupe status`: which call of the admin API a command line means.
#include <gtest/gtest.h>

#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

TEST(cli_status, asks_for_the_cluster) {
  const auto status = parse_as<status_command>("status --admin http://127.0.0.1:9000 --token t");
  EXPECT_EQ(status.method + " " + status.target, "GET /admin/cluster");
  EXPECT_EQ(status.host, "127.0.0.1");
  EXPECT_EQ(status.port, 9000);
  EXPECT_EQ(status.token, "t");
  EXPECT_EQ(status.body, "");
  EXPECT_FALSE(status.json);
  EXPECT_TRUE(parse_as<status_command>("status --json --admin http://h:1").json);
}

TEST(cli_status, takes_address_and_token_from_the_environment_as_engines_does) {
  const auto variables = [](const std::string& name) -> std::optional<std::string> {
    if (name == "TROUPE_ADMIN") return "http://[::1]:7/";
    if (name == "TROUPE_ADMIN_TOKEN") return "s3cret";
    return std::nullopt;
  };
  const auto status = std::get<status_command>(parse_command({"status"}, variables));
  EXPECT_EQ(status.host, "::1");
  EXPECT_EQ(status.port, 7);
  EXPECT_EQ(status.token, "s3cret");
}

TEST(cli_status, says_what_is_wrong) {
  EXPECT_EQ(mistake_of("status"), "which node? Give --admin http://HOST:PORT, or set TROUPE_ADMIN");
  EXPECT_NE(mistake_of("status --admin h:1").find("is not of the form"), std::string::npos);
  EXPECT_NE(mistake_of("status front --admin http://h:1").find("'front' is not known"),
            std::string::npos);
  EXPECT_NE(mistake_of("status --jsn --admin http://h:1").find("did you mean '--json'?"),
            std::string::npos);
}

}  // namespace
}  // namespace troupe::apps
