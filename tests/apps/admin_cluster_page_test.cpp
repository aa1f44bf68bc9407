// What the admin API says of a cluster, and how it is shown.
#include "apps/admin_cluster_page.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/admin_tables.hpp"

namespace troupe::apps {
namespace {

node_description node(const std::string& name, std::uint64_t incarnation) {
  node_description made;
  made.id = {name, incarnation};
  made.endpoint = "tcp://10.0.0.1:7000";
  made.roles = {"engine"};
  made.labels = {{"gpu", "h100"}, {"rack", "3"}};
  return made;
}

actors::engine_status engine(const std::string& name) {
  actors::engine_status made;
  made.name = name;
  made.up = true;
  made.load = 5;
  made.leases = 2;
  made.kv_usage = 0.25;
  made.models = {"m"};
  return made;
}

cluster_sight sight() {
  cluster_sight made;
  made.cluster = "prod";
  made.self = node("front", 7);
  made.self.roles = {"router"};
  made.self.labels.clear();
  member_record suspect{node("back", 8), member_state::suspect, 0, "other"};
  member_record gone{node("old", 9), member_state::down, 0, "other"};
  member_record leaving{node("next", 6), member_state::up, 1, {}, true};
  made.others = {suspect, gone, leaving};
  made.links = {{node("back", 8), true, 11, 12, 1, 300}};
  made.router = "front";
  made.engines = {engine("back.cpu")};
  made.actors = {"admin/api", "router"};
  return made;
}

TEST(admin_cluster_page, tells_of_nodes_links_engines_and_actors) {
  const auto page = nlohmann::json::parse(cluster_page(sight()));
  EXPECT_EQ(page["node"], "front");
  EXPECT_EQ(page["cluster"], "prod");
  EXPECT_EQ(page["router"], "front");
  EXPECT_EQ(page["actors"], (std::vector<std::string>{"admin/api", "router"}));
  EXPECT_EQ(page["nodes"][0], nlohmann::json::parse(R"({"name":"front","state":"up",
      "incarnation":7,"endpoint":"tcp://10.0.0.1:7000","roles":["router"],"labels":{}})"));
  EXPECT_EQ(page["nodes"][1], nlohmann::json::parse(R"({"name":"back","state":"suspect",
      "incarnation":8,"endpoint":"tcp://10.0.0.1:7000","roles":["engine"],
      "labels":{"gpu":"h100","rack":"3"},"suspected_by":"other"})"));
  EXPECT_EQ(page["nodes"][2]["state"], "down");
  EXPECT_FALSE(page["nodes"][2].contains("suspected_by"));
  EXPECT_EQ(page["nodes"][3]["state"], "leaving");
  EXPECT_EQ(page["links"], nlohmann::json::parse(R"([{"peer":"back","incarnation":8,"up":true,
      "sent":11,"received":12,"gaps":1,"queued_bytes":300}])"));
  EXPECT_EQ(page["engines"], nlohmann::json::parse(R"([{"name":"back.cpu","state":"up",
      "requests":5,"in_flight":2,"kv_usage":0.25,"models":["m"]}])"));
}

TEST(admin_cluster_page, a_node_without_a_cluster_or_a_router_tells_of_itself) {
  cluster_sight alone;
  alone.self.id.name = "local";
  alone.own_engines = {"a"};
  const auto text = cluster_page(alone);
  const auto page = nlohmann::json::parse(text);
  EXPECT_TRUE(page["cluster"].is_null());
  EXPECT_TRUE(page["router"].is_null());
  EXPECT_EQ(page["nodes"].size(), 1u);
  EXPECT_EQ(page["engines"][0], nlohmann::json::parse(R"({"name":"a","state":"unknown"})"));
  EXPECT_EQ(status_tables(text),
            "node 'local' is in no cluster\n"
            "\n"
            "NODE   STATE  SUSPECTED BY  ROLES  LABELS  ENDPOINT  INCARNATION\n"
            "local  up     -             -      -       -         0\n"
            "\n"
            "engines, of this node; no router is known:\n"
            "NAME  STATE    REQUESTS  IN FLIGHT  KV  MODELS\n"
            "a     unknown  -         -          -   -\n"
            "\n"
            "actors of this node: -\n");
}

TEST(admin_cluster_page, is_shown_as_tables) {
  EXPECT_EQ(status_tables(cluster_page(sight())),
            "node 'front' sees of cluster 'prod':\n"
            "\n"
            "NODE   STATE    SUSPECTED BY  ROLES   LABELS           ENDPOINT             "
            "INCARNATION\n"
            "front  up       -             router  -                tcp://10.0.0.1:7000  7\n"
            "back   suspect  other         engine  gpu=h100,rack=3  tcp://10.0.0.1:7000  8\n"
            "old    down     -             engine  gpu=h100,rack=3  tcp://10.0.0.1:7000  9\n"
            "next   leaving  -             engine  gpu=h100,rack=3  tcp://10.0.0.1:7000  6\n"
            "\n"
            "LINK TO  UP   SENT  RECEIVED  GAPS  QUEUED BYTES\n"
            "back     yes  11    12        1     300\n"
            "\n"
            "engines, as the router of 'front' knows them:\n"
            "NAME      STATE  REQUESTS  IN FLIGHT  KV   MODELS\n"
            "back.cpu  up     5         2          25%  m\n"
            "\n"
            "actors of this node: admin/api,router\n");
  for (const auto* other : {"no json", "{}", R"({"nodes":1,"links":[],"engines":[]})",
                            R"({"nodes":[7],"links":[],"engines":[]})"}) {
    EXPECT_EQ(status_tables(other), other);
  }
}

}  // namespace
}  // namespace troupe::apps
