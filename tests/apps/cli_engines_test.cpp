// `troupe engines`: which call of the admin API a command line means.
#include <gtest/gtest.h>

#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

engines_command call(const std::string& words) {
  return parse_as<engines_command>("engines " + words + " --admin http://127.0.0.1:9000");
}

TEST(cli_engines, reads_every_command) {
  const auto list = call("list");
  EXPECT_EQ(list.method + " " + list.target, "GET /admin/engines");
  EXPECT_EQ(list.host, "127.0.0.1");
  EXPECT_EQ(list.port, 9000);
  EXPECT_TRUE(list.as_table);
  const auto add = call("add gpu-7 http://10.0.0.7:8000 --weight 2");
  EXPECT_EQ(add.method + " " + add.target, "POST /admin/engines");
  EXPECT_EQ(add.body, R"({"kind":"openai","name":"gpu-7","url":"http://10.0.0.7:8000",)"
                      R"("weight":2,"requests":0})");
  EXPECT_EQ(call("drain a").target, "/admin/engines/a/drain");
  EXPECT_EQ(call("resume a").target, "/admin/engines/a/resume");
  EXPECT_EQ(call("drain a").method, "POST");
  EXPECT_EQ(call("remove a").method, "DELETE");
  EXPECT_EQ(call("remove a").target, "/admin/engines/a");
  EXPECT_EQ(call("remove a --force").target, "/admin/engines/a?force");
  EXPECT_EQ(call("reload").target, "/admin/reload");
}

TEST(cli_engines, takes_address_and_token_from_the_environment) {
  const auto variables = [](const std::string& name) -> std::optional<std::string> {
    if (name == "TROUPE_ADMIN") return "http://[::1]:7/";
    if (name == "TROUPE_ADMIN_TOKEN") return "s3cret";
    return std::nullopt;
  };
  const auto from_there = std::get<engines_command>(parse_command({"engines", "list"}, variables));
  EXPECT_EQ(from_there.host, "::1");
  EXPECT_EQ(from_there.port, 7);
  EXPECT_EQ(from_there.token, "s3cret");
  const auto flags = std::get<engines_command>(
      parse_command({"engines", "list", "--admin", "http://h:8", "--token", "other"}, variables));
  EXPECT_EQ(flags.host, "h");
  EXPECT_EQ(flags.token, "other");
}

TEST(cli_engines, says_what_is_wrong) {
  const std::string admin = " --admin http://127.0.0.1:9000";
  EXPECT_EQ(mistake_of("engines list"),
            "which node? Give --admin http://HOST:PORT, or set TROUPE_ADMIN");
  EXPECT_NE(mistake_of("engines lst" + admin).find("did you mean 'list'?"), std::string::npos);
  EXPECT_EQ(mistake_of("engines drain" + admin), "engines drain takes the NAME of an engine");
  EXPECT_EQ(mistake_of("engines add a" + admin), "engines add takes a NAME and a URL");
  EXPECT_EQ(mistake_of("engines list a" + admin), "engines list takes nothing more");
  EXPECT_EQ(mistake_of("engines add a h:1" + admin),
            "URL 'h:1' is not of the form http://HOST:PORT or https://HOST:PORT");
  EXPECT_NE(mistake_of("engines drain ../x" + admin).find("a name is 1 to 63"), std::string::npos);
  EXPECT_EQ(mistake_of("engines drain a --force" + admin), "--force is for engines remove");
  EXPECT_EQ(mistake_of("engines drain a --weight 2" + admin),
            "--weight and --requests are for engines add");
  EXPECT_NE(mistake_of("engines add a http://h:1 --weight 0" + admin).find("--weight is '0'"),
            std::string::npos);
  EXPECT_NE(mistake_of("engines list --admin https://h:1").find("speaks plain http"),
            std::string::npos);
  EXPECT_NE(mistake_of("engines list --admin h:1").find("--admin 'h:1' is not of the form"),
            std::string::npos);
}

}  // namespace
}  // namespace troupe::apps
