#include "apps/cli_key.hpp"

#include <regex>

#include "config/topology_reader.hpp"
#include "runtime/digest.hpp"
#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

TEST(cli_key, takes_a_name) {
  EXPECT_EQ(parse_as<key_command>("key new team-a").name, "team-a");
  EXPECT_NE(mistake_of("key new -a"), "");
  EXPECT_NE(mistake_of("key new a:b").find("the key's name is 'a:b'"), std::string::npos);
  EXPECT_NE(mistake_of("key new"), "");
  EXPECT_NE(mistake_of("key").find("There is new"), std::string::npos);
  EXPECT_NE(mistake_of("key old a"), "");
}

TEST(cli_key, prints_a_key_and_lines_that_admit_it_and_not_the_key) {
  const std::string text = new_key_text("team-a");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, std::regex{"\n  (sk-troupe-[0-9A-Za-z]{43})\n"}));
  const std::string key = found[1];
  const auto lines = text.find("  endpoint:\n");
  ASSERT_NE(lines, std::string::npos);
  EXPECT_EQ(text.find(key, lines), std::string::npos);
  std::string yaml = "troupe: 1\nnodes:\n  n:\n";
  std::istringstream rest{text.substr(lines)};
  for (std::string line; std::getline(rest, line);) yaml += "  " + line + "\n";
  yaml += "    actors: [router: {}, engine: {name: e, model: m}]\n";
  const auto read = config::parse_topology(yaml, "f", no_variables);
  ASSERT_EQ(to_string(read.mistakes), "") << yaml;
  const auto& admitted = read.value.nodes.at(0).endpoint.api_keys.at(0);
  EXPECT_EQ(admitted.name, "team-a");
  EXPECT_EQ(admitted.sha256, to_hex(sha256(key)));
}

TEST(cli_key, keys_differ) {
  EXPECT_NE(new_key_text("a"), new_key_text("a"));
}

}  // namespace
}  // namespace troupe::apps
