// Topologies of many nodes: what is read, what is derived, and what is refused.
#include <gtest/gtest.h>

#include "config/topology_members.hpp"
#include "config/topology_reader.hpp"

namespace troupe::config {
namespace {

using namespace std::chrono_literals;

const std::string source_dir = TROUPE_SOURCE_DIR;

std::optional<std::string> no_variables(const std::string&) {
  return std::nullopt;
}

topology read_file(const std::string& path) {
  auto result = read_topology(source_dir + path, no_variables);
  EXPECT_EQ(to_string(result.mistakes), "");
  return std::move(result.value);
}

topology parse_good(const std::string& text) {
  auto result = parse_topology(text, "f", no_variables);
  EXPECT_EQ(to_string(result.mistakes), "");
  return std::move(result.value);
}

std::string mistakes_of(const std::string& text) {
  return to_string(parse_topology(text, "f", no_variables).mistakes);
}

// A router node r and an engine node e that are both good, after a cluster section.
std::string two_nodes(const std::string& cluster, const std::string& of_r = "",
                      const std::string& of_e = "") {
  return "troupe: 1\ncluster: {" + cluster + "}\nnodes:\n  r: {link: {listen: \"127.0.0.1:0\"}" +
         of_r + ", actors: [router: {}]}\n  e: {" + of_e + "actors: [engine: {name: a}]}\n";
}

TEST(cluster_fields, reads_every_key) {
  const auto all = read_file("/tests/config/every_key.yaml");
  ASSERT_TRUE(all.cluster);
  const auto& cluster = *all.cluster;
  EXPECT_EQ(cluster.name, "blue");
  EXPECT_EQ(cluster.address, "0.0.0.0");
  EXPECT_EQ(cluster.port, 7200);
  EXPECT_EQ(cluster.seeds, (std::vector<std::string>{"a.example:7200", "[::1]:7201"}));
  EXPECT_EQ(cluster.dns_name, "blue.example");
  EXPECT_EQ(cluster.dns_port, 7202);
  EXPECT_EQ(cluster.seeds_file, source_dir + "/tests/config/seeds.txt");
  EXPECT_EQ(cluster.key, source_dir + "/tests/config/link.key");
  EXPECT_TRUE(cluster.insecure);
  EXPECT_EQ(cluster.membership, (member_times{100ms, 300ms, 1s, 2s}));
  const auto& member = all.nodes.at(0).member;
  EXPECT_EQ(member.labels, (label_map{{"number", "n0"}, {"zone", "a"}}));
  EXPECT_EQ(member.roles, (std::vector<std::string>{"router", "gpu"}));
  EXPECT_EQ(member.weight, 7);
  EXPECT_EQ(link_listen(cluster, member), (socket_address{"127.0.0.2", 7300}));
  EXPECT_EQ(link_peer(cluster, member), "one-0.example:7301");
}

TEST(cluster_fields, placed_actors_say_where_they_may_be) {
  const auto all = read_file("/tests/config/every_key.yaml");
  ASSERT_EQ(all.placed.size(), 1u);
  EXPECT_EQ(all.placed[0].engine.kind, engine_kind::embedded);
  const placed_actor expected{.name = "anywhere",
                              .count = 5,
                              .labels = {{"tier", "gold"}},
                              .roles = {"gpu", "fast"},
                              .per_node_max = 2,
                              .spread_label = "zone",
                              .per_value_max = 3};
  EXPECT_EQ(placed_actors(all), std::vector<placed_actor>{expected});
}

TEST(cluster_fields, nodes_are_what_their_actors_make_them) {
  const auto all = parse_good(two_nodes("", "", "weight: 3, "));
  EXPECT_EQ(planned_view(all), (std::vector<placement_node>{{{"r", 1}, {}, {"router"}, 1},
                                                            {{"e", 1}, {}, {"engine"}, 3}}));
  EXPECT_TRUE(all.nodes[0].has_router);
  EXPECT_FALSE(all.nodes[1].has_router);
  EXPECT_EQ(link_peer(*all.cluster, all.nodes[1].member), "127.0.0.1:7100");
}

TEST(cluster_fields, a_node_alone_is_as_it_was) {
  const auto all = read_file("/config/laptop.yaml");
  EXPECT_FALSE(all.cluster);
  EXPECT_EQ(all.nodes.at(0).member, member_spec{});
  EXPECT_TRUE(all.nodes[0].has_router);
  EXPECT_TRUE(seeds_of(all).empty());
}

TEST(cluster_fields, replicas_are_nodes_with_names_and_numbers) {
  const auto all = read_file("/config/cluster.yaml");
  ASSERT_EQ(all.nodes.size(), 9u);
  EXPECT_EQ(all.nodes[2].name, "router-2");
  EXPECT_EQ(all.nodes[8].name, "engine-5");
  EXPECT_EQ(all.nodes[8].member.advertise, "engine-5.troupe:7100");
  const auto cells = read_file("/config/region-cells.yaml");
  EXPECT_EQ(cells.nodes.at(1).member.labels, (label_map{{"cell", "a"}, {"zone", "zone-1"}}));
}

TEST(cluster_fields, variables_of_replicas_end_with_them) {
  EXPECT_EQ(mistakes_of(two_nodes("", "", "labels: {n: \"${ORDINAL}\"}, ")),
            "f:5:19: nodes.e.labels.n uses the environment variable ORDINAL, which is not set; set "
            "it, or write ${ORDINAL:-default}\n");
}

TEST(cluster_fields, the_nodes_are_the_seeds_unless_others_are_named) {
  EXPECT_EQ(seeds_of(parse_good(two_nodes(""))), std::vector<std::string>{"127.0.0.1:7100"})
      << "a link on any free port is nobody's seed";
  EXPECT_EQ(seeds_of(parse_good(two_nodes("seeds: [\"a:1\"]"))), std::vector<std::string>{"a:1"});
  EXPECT_TRUE(seeds_of(parse_good(two_nodes("dns: {name: a.example}"))).empty());
  EXPECT_TRUE(seeds_of(parse_good(two_nodes("file: seeds.txt"))).empty());
}

TEST(cluster_fields, the_default_times_are_those_of_membership) {
  const auto options = options_of({});
  const membership_options defaults;
  EXPECT_EQ(options.probe_every, defaults.probe_every);
  EXPECT_EQ(options.indirect_after, defaults.indirect_after);
  EXPECT_EQ(options.probe_timeout, defaults.probe_timeout);
  EXPECT_EQ(options.quiet, defaults.quiet);
  EXPECT_EQ(options.silence, defaults.silence);
  EXPECT_EQ(options.suspicion_min, defaults.suspicion_min);
  EXPECT_EQ(options.suspicion_max, defaults.suspicion_max);
  EXPECT_EQ(options.lost_suspicion_min, defaults.lost_suspicion_min);
  EXPECT_EQ(options.lost_suspicion_max, defaults.lost_suspicion_max);
}

struct mistake_case {
  std::string text;
  std::string mistakes;
};

TEST(cluster_mistakes, of_links) {
  const mistake_case cases[] = {
      {two_nodes("listen: 10.0.0.1:7100, key: k"), ""},
      {two_nodes("listen: 10.0.0.1:7100, insecure: true"), ""},
      {two_nodes("listen: 10.0.0.1:7100"),
       "f:2:19: cluster.listen: 10.0.0.1 can be reached from other machines; set `key` (troupe "
       "keygen FILE makes "
       "one), or listen "
       "on 127.0.0.1, or set `insecure: true` where the network itself is trusted\n"},
      {two_nodes("", "", "link: {listen: 10.0.0.1:7100}, "),
       "f:5:22: nodes.e.link.listen: 10.0.0.1 can be reached from other machines; set "
       "`cluster.key` (troupe keygen FILE makes one), or listen on 127.0.0.1, or set "
       "`cluster.insecure: true` where the network "
       "itself is trusted\n"},
      {two_nodes("listen: 0.0.0.0:7100, key: k"),
       "f:5:3: nodes.e: its link listens on every interface; say in `link.advertise` under which "
       "HOST:PORT others reach it\n"},
      {two_nodes("", "", "link: {advertise: \"" + std::string(130, 'x') + ":1\"}, "),
       "f:5:7: nodes.e.link: `link.advertise` is longer than 122 bytes\n"},
      {two_nodes("", "", "link: {advertise: here}, "),
       "f:5:25: nodes.e.link.advertise is 'here'; write HOST:PORT, such as node-0.example:7100 or "
       "10.0.0.7:7100\n"},
      {two_nodes("", ", labels: {a b: c}"),
       "f:4:47: nodes.r.labels has a name that is 'a b'; a name is 1 to 63 letters, digits, '.', "
       "'_' or '-' and starts with a letter or a digit\n"},
      {two_nodes("dns: {name: a_b c}"),
       "f:2:23: cluster.dns.name is 'a_b c', which is no name of a host\n"},
      {two_nodes("insecure: yes"), "f:2:21: cluster.insecure is 'yes'; allowed are false, true\n"},
      {two_nodes("membership: {suspicion: {min: 2s}}"),
       "f:2:41: cluster.membership.suspicion.min: the longest time, 900ms, is shorter than the "
       "shortest, 2s\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(mistakes_of(c.text), c.mistakes) << c.text;
}

TEST(cluster_mistakes, of_nodes) {
  const std::string begin = "troupe: 1\ncluster: {}\nnodes:\n  ";
  const mistake_case cases[] = {
      {begin + "e: {actors: [engine: {name: a}]}\n",
       "f:3:1: nodes: no node has a router; add `- router: {}` to the actors of one\n"},
      {begin + "r: {actors: [router: {}]}\n",
       "f:3:1: nodes: no node has an engine, and none is placed; add one to `placed` or to the "
       "actors of a node\n"},
      {two_nodes("", ", labels: {}") + "  x: {}\n",
       "f:3:1: nodes: two nodes have the link 127.0.0.1:7100; the second is 'x', give it another "
       "in `link.listen` or `link.advertise`\n"
       "f:6:3: nodes.x: the node has neither actors nor roles; give it `actors`, or `roles` for "
       "placed ones to come\n"},
      {two_nodes("", "", "endpoint: {threads: 2}, "),
       "f:5:7: nodes.e.endpoint: the node has no router, so nobody is served there; remove it\n"},
      {two_nodes("") + "  r-0: {link: {listen: \"127.0.0.1:1\"}, roles: [x]}\n" +
           "  x: {link: {listen: \"127.0.0.1:0\"}, roles: [x], replicas: 2}\n"
           "  x-1: {link: {listen: \"127.0.0.1:0\"}, roles: [x]}\n",
       "f:3:1: nodes: two nodes are called 'x-1'\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(mistakes_of(c.text), c.mistakes) << c.text;
}

TEST(cluster_mistakes, of_replicas_whose_names_grow_too_long) {
  const std::string name(62, 'n');
  EXPECT_EQ(mistakes_of(two_nodes("") + "  " + name + ": {replicas: 10, roles: [x], link: {" +
                        "advertise: \"a:1\"}}\n"),
            "f:6:78: nodes." + name + ".replicas makes a name that is '" + std::string(60, 'n') +
                "...'; a name is 1 to 63 letters, digits, '.', '_' or '-' and starts with a letter "
                "or a digit\n");
}

TEST(cluster_mistakes, of_what_is_for_clusters_only) {
  const std::string alone = "troupe: 1\nnodes:\n  n: {";
  const std::string actors = "actors: [router: {}, engine: {name: e}]}\n";
  const std::string sentence =
      ": it is for nodes that work together; add a `cluster` section to the file\n";
  EXPECT_EQ(mistakes_of(alone + "labels: {zone: a}, " + actors),
            "f:3:7: nodes.n.labels" + sentence);
  EXPECT_EQ(mistakes_of(alone + "weight: 2, " + actors), "f:3:15: nodes.n.weight" + sentence);
  EXPECT_EQ(mistakes_of(alone + "replicas: 2, " + actors), "f:3:17: nodes.n.replicas" + sentence);
  EXPECT_EQ(mistakes_of("troupe: 1\nplaced: [engine: {name: p}]\nnodes: {n: {" + actors + "}\n"),
            "f:2:1: placed" + sentence);
}

TEST(cluster_mistakes, of_placed_names) {
  const auto with = [](const std::string& placed) {
    return "troupe: 1\ncluster: {}\nplaced: [" + placed +
           "]\nnodes:\n  n: {actors: [router: {}, engine: {name: a-1}]}\n";
  };
  EXPECT_EQ(mistakes_of(with("engine: {name: a}")), "");
  EXPECT_EQ(mistakes_of(with("engine: {name: a, count: 2}")),
            "f:3:1: placed: another engine is already called 'a-1'\n");
  EXPECT_EQ(mistakes_of(with("engine: {name: b}, engine: {name: b}")),
            "f:3:1: placed: another engine is already called 'b'\n");
}

TEST(cluster_mistakes, a_small_file_cannot_ask_for_ever_more_nodes) {
  std::string text = "troupe: 1\ncluster: {}\nnodes:\n";
  for (int i = 0; i < 40; ++i) {
    text += "  n" + std::to_string(i) + ": {replicas: 1024, roles: [x, y], link: {advertise: \"h" +
            std::to_string(i) + "-${ORDINAL}:1\"}}\n";
  }
  const auto result = parse_topology(text, "f", no_variables);
  EXPECT_FALSE(result.ok());
  EXPECT_LT(result.value.nodes.size(), 20'000u);
  EXPECT_NE(to_string(result.mistakes).find("makes more than 100000 values of this file"),
            std::string::npos);
}

}  // namespace
}  // namespace troupe::config
