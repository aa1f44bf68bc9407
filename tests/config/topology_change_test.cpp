// From one topology to another: what is done, what cannot be, and what is left alone.
#include "config/topology_change.hpp"

#include <gtest/gtest.h>

#include "config/topology_reader.hpp"

namespace troupe::config {
namespace {

node_spec node(const std::string& router, const std::string& engines,
               const std::string& sections = "") {
  const auto text = "troupe: 1\nnodes:\n  n:\n" + sections +
                    "    actors:\n      - router: " + router + "\n" + engines;
  auto read = parse_topology(text, "f");
  EXPECT_TRUE(read.ok()) << to_string(read.mistakes) << text;
  return read.ok() ? read.value.nodes.at(0) : node_spec{};
}

std::string openai(const std::string& name, const std::string& more = "") {
  return "      - engine: {name: " + name + ", kind: openai, url: \"http://" + name + ":1\"" +
         more + "}\n";
}

std::vector<std::string> names(const std::vector<engine_spec>& engines) {
  std::vector<std::string> found;
  for (const auto& engine : engines) found.push_back(engine.name);
  return found;
}

using name_vector = std::vector<std::string>;

TEST(topology_change, the_same_is_no_change) {
  const auto a = node("{}", openai("a") + openai("b"));
  EXPECT_TRUE(difference(a, a).empty());
  EXPECT_TRUE(difference(a, node("{}", openai("b") + openai("a"))).empty());
}

TEST(topology_change, what_nodes_have_in_common_follows_but_for_the_cluster) {
  topology from;
  from.cluster.emplace();
  from.placed.emplace_back().engine.name = "e";
  topology_change change;
  compare_shared(from, from, change);
  EXPECT_TRUE(change.empty());
  auto to = from;
  to.placed[0].place.per_node_max = 2;
  compare_shared(from, to, change);
  EXPECT_TRUE(change.placed);
  EXPECT_FALSE(change.empty());
  EXPECT_TRUE(change.needs_start.empty());
  to.cluster->name = "other";
  change = {};
  compare_shared(from, to, change);
  EXPECT_FALSE(change.placed);
  EXPECT_EQ(change.needs_start, name_vector{"cluster"});
}

TEST(topology_change, engines_come_and_go) {
  const auto change =
      difference(node("{}", openai("a") + openai("b")), node("{}", openai("b") + openai("c")));
  EXPECT_EQ(names(change.added), name_vector{"c"});
  EXPECT_EQ(change.added[0].url, "http://c:1");
  EXPECT_EQ(change.removed, name_vector{"a"});
  EXPECT_FALSE(change.router);
  EXPECT_FALSE(change.empty());
}

TEST(topology_change, a_group_grows_and_shrinks_by_its_members) {
  const auto group = [](int count) {
    return node("{}",
                "      - engine: {name: e, model: m.gguf, count: " + std::to_string(count) + "}\n");
  };
  const auto grown = difference(group(2), group(4));
  EXPECT_EQ(names(grown.added), (name_vector{"e-2", "e-3"}));
  EXPECT_EQ(grown.added[0].count, 1u);
  EXPECT_TRUE(grown.removed.empty());
  EXPECT_EQ(difference(group(4), group(2)).removed, (name_vector{"e-2", "e-3"}));
  const auto single = difference(group(2), group(1));
  EXPECT_EQ(names(single.added), name_vector{"e"});
  EXPECT_EQ(single.removed, (name_vector{"e-0", "e-1"}));
}

TEST(topology_change, another_address_is_another_engine_and_another_weight_is_not) {
  const auto before = node("{}", openai("a") + openai("b"));
  const auto weight =
      difference(before, node("{}", openai("a", ", weight: 3, requests: 9") + openai("b")));
  EXPECT_EQ(names(weight.resettled), name_vector{"a"});
  EXPECT_EQ(weight.resettled[0].weight, 3u);
  EXPECT_TRUE(weight.replaced.empty());
  const auto probe =
      difference(before, node("{}", openai("a", ", probe_interval: 5s") + openai("b")));
  EXPECT_EQ(names(probe.replaced), name_vector{"a"});
  EXPECT_TRUE(probe.resettled.empty() && probe.added.empty() && probe.removed.empty());
}

TEST(topology_change, everything_of_the_router_but_the_index_changes_at_once) {
  const auto before = node("{}", openai("a"));
  for (const auto* router :
       {"{policy: session}", "{session: {header: x}}", "{models: {m: {aliases: [n]}}}",
        "{admission: {queue: 5}}", "{limits: {attempts: 1}}"}) {
    const auto change = difference(before, node(router, openai("a")));
    EXPECT_TRUE(change.router) << router;
    EXPECT_TRUE(change.needs_start.empty()) << router;
  }
  const auto index = difference(before, node("{limits: {index_blocks: 5}}", openai("a")));
  EXPECT_FALSE(index.router);
  EXPECT_EQ(index.needs_start, name_vector{"router.limits.index_blocks"});
  EXPECT_FALSE(index.empty());
}

TEST(topology_change, names_what_only_a_new_start_brings) {
  const auto before = node("{}", openai("a"));
  const std::vector<std::pair<std::string, std::string>> sections{
      {"endpoint: {listen: 127.0.0.1:1}", "endpoint.listen"},
      {"endpoint: {threads: 9}", "endpoint.threads"},
      {"endpoint: {limits: {body: 1MiB}}", "endpoint.limits"},
      {"endpoint: {tls: {certificate: c.pem, key: k.pem}}", "endpoint.tls"},
      {"admin: {listen: 127.0.0.1:2}", "admin"},
      {"log: {level: debug}", "log"},
      {"supervisor: {period: 5s}", "supervisor"},
      {"client: {header: 2KiB}", "client"}};
  for (const auto& [section, key] : sections) {
    const auto change = difference(before, node("{}", openai("a"), "    " + section + "\n"));
    EXPECT_EQ(change.needs_start, name_vector{key});
    EXPECT_FALSE(change.router || change.stream);
  }
  const auto stream = difference(before, node("{}", openai("a"), "    stream: {event: 1MiB}\n"));
  EXPECT_TRUE(stream.stream);
  EXPECT_TRUE(stream.needs_start.empty());
}

std::string keys(const std::string& of_a_file) {
  return "    endpoint: {api_keys: {" + of_a_file + "}}\n";
}

std::string key(const std::string& name, char digit, const std::string& more = "") {
  return name + ": {sha256: \"" + std::string(64, digit) + "\"" + more + "}";
}

TEST(topology_change, keys_come_go_and_change_by_name) {
  const auto of = [](const std::string& text) { return node("{}", openai("a"), keys(text)); };
  const auto before = of(key("a", '1') + ", " + key("b", '2') + ", " + key("c", '3'));
  const auto change = difference(before, of(key("c", '3') + ", " + key("d", '4') + ", " +
                                            key("b", '2', ", requests_per_s: 2")));
  EXPECT_EQ(change.api_keys.added, name_vector{"d"});
  EXPECT_EQ(change.api_keys.changed, name_vector{"b"});
  EXPECT_EQ(change.api_keys.removed, name_vector{"a"});
  EXPECT_TRUE(change.needs_start.empty());
  EXPECT_FALSE(change.empty());
  const auto renewed = difference(of(key("a", '1')), of(key("a", '2')));
  EXPECT_EQ(renewed.api_keys.changed, name_vector{"a"});
  EXPECT_EQ(difference(before, node("{}", openai("a"))).api_keys.removed.size(), 3U);
  EXPECT_TRUE(difference(before, before).empty());
}

TEST(topology_change, a_certificate_changes_at_once_and_tls_comes_and_goes_with_a_start) {
  const auto of = [](const std::string& files) {
    return node("{}", openai("a"), "    endpoint: {tls: {" + files + "}}\n");
  };
  const auto sealed = of("certificate: c.pem, key: k.pem");
  for (const auto* files : {"certificate: d.pem, key: k.pem", "certificate: c.pem, key: l.pem",
                            "certificate: c.pem, key: k.pem, client_ca: ca.pem"}) {
    const auto change = difference(sealed, of(files));
    EXPECT_TRUE(change.tls) << files;
    EXPECT_FALSE(change.empty());
    EXPECT_TRUE(change.needs_start.empty()) << files;
  }
  const auto off = difference(sealed, node("{}", openai("a")));
  EXPECT_FALSE(off.tls);
  EXPECT_EQ(off.needs_start, name_vector{"endpoint.tls"});
}

TEST(topology_change, one_engine_is_read_with_all_its_mistakes) {
  const auto good = parse_engine(R"({"name": "a", "kind": "openai", "url": "http://h:1"})", "body");
  EXPECT_TRUE(good.mistakes.empty());
  EXPECT_EQ(good.value.url, "http://h:1");
  EXPECT_EQ(to_string(parse_engine(R"({"kind": "openai", "url": 7, "wight": 2})", "body").mistakes),
            "body:1:1: name is missing\n"
            "body:1:27: url '7' is not of the form http://HOST:PORT or https://HOST:PORT\n"
            "body:1:30: 'wight' is not a key here; did you mean 'weight'?\n");
  EXPECT_EQ(to_string(parse_engine("[]", "body").mistakes),
            "body:1:1: it is no map of an engine's keys and values\n");
  const auto secret =
      parse_engine(R"({"name": "a", "kind": "openai", "url": "http://${HOME}:1"})", "body");
  EXPECT_FALSE(secret.mistakes.empty());
}

}  // namespace
}  // namespace troupe::config
