// `troupe check --plan`: the table, what a missing node changes, what has no place.
#include "apps/check_plan.hpp"

#include "apps/check_files.hpp"
#include "config/topology_reader.hpp"
#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

const std::string source_dir = TROUPE_SOURCE_DIR;

config::topology small(const std::string& place = "") {
  auto read = config::parse_topology(
      "troupe: 1\ncluster: {listen: \"127.0.0.1:0\"}\n"
      "placed: [engine: {name: cpu, count: 2, place: {per_node: 1" +
          place +
          "}}]\nnodes:\n"
          "  front: {actors: [router: {}]}\n"
          "  a: {labels: {zone: x}, roles: [engine]}\n"
          "  b: {labels: {zone: y}, actors: [engine: {name: own, count: 2}]}\n",
      "f", no_variables);
  EXPECT_EQ(config::to_string(read.mistakes), "");
  return std::move(read.value);
}

TEST(check_plan, shows_who_runs_where) {
  EXPECT_EQ(plan_of(small(), {}).text,
            "  node   labels  roles   router  own  cpu\n"
            "  front  -       router  1       -    -\n"
            "  a      zone=x  engine  -       -    1\n"
            "  b      zone=y  engine  -       2    1\n");
}

TEST(check_plan, shows_what_a_missing_node_changes) {
  EXPECT_EQ(
      plan_of(small(), {"b"}).text,
      "  without b:\n"
      "  node   labels  roles   router  own  cpu\n"
      "  front  -       router  1       -    -\n"
      "  a      zone=x  engine  -       -    1\n"
      "  cpu: 1 of 2 have a place; 1 node qualifies, at most 1 each; 1 node lacks role engine\n"
      "  what changes:\n"
      "  cpu: b -> nowhere\n"
      "  own x2: gone with b\n");
  EXPECT_EQ(plan_of(small(), {"front", "a"}).mistake, "");
}

TEST(check_plan, says_what_has_no_place_at_all) {
  EXPECT_NE(plan_of(small(", labels: {gpu: h100}"), {})
                .text.find("cpu: 0 of 2 have a place; 2 nodes lack label gpu: h100, 1 node lacks "
                           "role engine\n"),
            std::string::npos);
}

TEST(check_plan, knows_only_the_nodes_of_the_file) {
  EXPECT_EQ(plan_of(small(), {"a", "c"}).mistake,
            "--without is 'c', but the nodes are: front, a, b");
}

// Engines of a node that is gone go elsewhere, and no other moves.
TEST(check_plan, of_the_cluster_we_ship_moves_only_what_must) {
  const auto all = config::read_topology(source_dir + "/config/cluster.yaml", no_variables).value;
  const std::string text = plan_of(all, {"engine-2"}).text;
  const auto changes = text.substr(text.find("what changes:"));
  std::istringstream lines{changes};
  std::string line;
  std::getline(lines, line);
  int moved = 0;
  for (; std::getline(lines, line); ++moved)
    EXPECT_TRUE(line.starts_with("  cpu: engine-2 -> engine-")) << line;
  EXPECT_GE(moved, 1);
  EXPECT_LE(moved, 3);
}

TEST(check_plan, is_asked_for_by_flags) {
  const auto check = parse_as<check_command>("check f.yaml --plan --without a --without b g.yaml");
  EXPECT_TRUE(check.plan);
  EXPECT_EQ(check.files, (std::vector<std::string>{"f.yaml", "g.yaml"}));
  EXPECT_EQ(check.without, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(mistake_of("check f.yaml --without a"),
            "--without requires --plan (see troupe check --help)");
}

TEST(check_plan, of_an_unknown_node_is_a_failure) {
  const std::string file = source_dir + "/config/laptop.yaml";
  const auto report = check_files({{file}, true, {"other"}}, no_variables);
  EXPECT_EQ(report.exit_code, exit_failure);
  EXPECT_EQ(report.mistakes, file + ": --without is 'other', but the nodes are: local\n");
}

}  // namespace
}  // namespace troupe::apps
