#include "config/environment.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace troupe::config {
namespace {

// A = one, EMPTY = "", NESTED = ${A}; nothing else is set.
std::optional<std::string> variables(const std::string& name) {
  const std::map<std::string, std::string> values{{"A", "one"}, {"EMPTY", ""}, {"NESTED", "${A}"}};
  const auto found = values.find(name);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

struct expand_case {
  const char* text;
  const char* expanded;
};

TEST(environment, expands_variables_and_defaults) {
  const expand_case cases[] = {
      {"", ""},
      {"plain $ { } $A", "plain $ { } $A"},
      {"${A}", "one"},
      {"<${A}${A}>", "<oneone>"},
      {"${NONE:-two}", "two"},
      {"${A:-two}", "one"},
      {"${EMPTY:-two}", "two"},
      {"${EMPTY}", ""},
      {"${NONE:-}", ""},
      {"${NONE:-http://a:1}", "http://a:1"},
      {"$${A}", "${A}"},
      {"${NESTED}", "${A}"},
  };
  for (const expand_case& c : cases) {
    const expansion result = expand(c.text, variables);
    EXPECT_EQ(result.mistake, "") << c.text;
    EXPECT_EQ(result.text, c.expanded) << c.text;
  }
}

TEST(environment, says_what_is_wrong) {
  const expand_case cases[] = {
      {"${NONE}",
       "uses the environment variable NONE, which is not set; set it, or write "
       "${NONE:-default}"},
      {"${A", "has a ${ without its }; write $${ for the characters themselves"},
      {"${}", "has ${...} around '', which is no variable name; write ${NAME} or ${NAME:-default}"},
      {"${1A}",
       "has ${...} around '1A', which is no variable name; write ${NAME} or ${NAME:-default}"},
      {"${A-B}",
       "has ${...} around 'A-B', which is no variable name; write ${NAME} or ${NAME:-default}"},
  };
  for (const expand_case& c : cases) EXPECT_EQ(expand(c.text, variables).mistake, c.expanded);
}

TEST(environment, bounds_the_result) {
  const std::string big(40'000, 'x');
  const auto big_value = [&](const std::string&) { return std::optional{big}; };
  EXPECT_EQ(expand("${X}", big_value).mistake, "");
  EXPECT_EQ(expand("${X}${X}", big_value).mistake, "is longer than 64 KiB expanded");
}

TEST(environment, reads_this_process) {
  EXPECT_EQ(process_environment()("TROUPE_TEST_NEVER_SET"), std::nullopt);
  EXPECT_TRUE(process_environment()("PATH").has_value());
}

TEST(environment, the_host_has_a_name_even_where_the_shell_tells_none) {
  ::unsetenv("HOSTNAME");
  EXPECT_FALSE(process_environment()("HOSTNAME").value_or("").empty());
  ::setenv("HOSTNAME", "pod-3", 1);
  EXPECT_EQ(process_environment()("HOSTNAME"), "pod-3");
  ::unsetenv("HOSTNAME");
}

}  // namespace
}  // namespace troupe::config
