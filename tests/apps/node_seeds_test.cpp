#include "apps/node_seeds.hpp"

#include <gtest/gtest.h>

namespace troupe::apps {
namespace {

TEST(seed_lines, each_line_names_a_peer) {
  const auto lines = read_seed_lines("10.0.0.1:7100\nnode-b:7100\n[::1]:7100\n");
  EXPECT_EQ(lines.peers, (std::vector<std::string>{"10.0.0.1:7100", "node-b:7100", "[::1]:7100"}));
  EXPECT_TRUE(lines.wrong.empty());
}

TEST(seed_lines, comments_empty_lines_and_other_ends_of_lines_say_nothing) {
  const auto lines = read_seed_lines("# ours\r\n\r\na:1\r\n\nb:2  ");
  EXPECT_EQ(lines.peers, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_TRUE(lines.wrong.empty());
}

TEST(seed_lines, lines_that_name_nobody_are_told_by_number) {
  const auto lines = read_seed_lines("a:1\nb\nc:0\nd:99999\ne:5");
  EXPECT_EQ(lines.peers, (std::vector<std::string>{"a:1", "e:5"}));
  EXPECT_EQ(lines.wrong, (std::vector<std::size_t>{2, 3, 4}));
}

}  // namespace
}  // namespace troupe::apps
