#include "apps/admin_cluster_page.hpp"

#include <nlohmann/json.hpp>

#include "apps/admin_pages.hpp"

namespace troupe::apps {

namespace {

using json = nlohmann::ordered_json;

json entry_of(const member_record& member) {
  const auto& node = member.node;
  json entry{{"name", node.id.name},
             {"state", state_word(member)},
             {"incarnation", node.id.incarnation},
             {"endpoint", node.endpoint},
             {"roles", node.roles},
             {"labels", node.labels}};
  if (member.state == member_state::suspect) entry["suspected_by"] = member.accuser;
  return entry;
}

json entry_of(const transport::link_status& link) {
  return {{"peer", link.node.id.name},
          {"incarnation", link.node.id.incarnation},
          {"up", link.up},
          {"sent", link.sent},
          {"received", link.received},
          {"gaps", link.gaps},
          {"queued_bytes", link.queued_bytes}};
}

json entry_of(const actors::engine_status& engine) {
  return {{"name", engine.name},        {"state", engine_word(&engine)}, {"requests", engine.load},
          {"in_flight", engine.leases}, {"kv_usage", engine.kv_usage},   {"models", engine.models}};
}

}  // namespace

std::string_view state_word(const member_record& member) {
  switch (member.state) {
    case member_state::up:
      return member.leaving ? "leaving" : "up";
    case member_state::suspect:
      return "suspect";
    case member_state::down:
      return "down";
    case member_state::left:
      break;
  }
  return "left";
}

std::string cluster_page(const cluster_sight& of) {
  json nodes = json::array({entry_of({.node = of.self, .accuser = {}, .leaving = of.is_leaving})});
  for (const auto& member : of.others) {
    nodes.push_back(entry_of(member));
  }
  json links = json::array(), engines = json::array();
  for (const auto& link : of.links) links.push_back(entry_of(link));
  for (const auto& engine : of.engines) engines.push_back(entry_of(engine));
  for (const auto& name : of.own_engines) {
    engines.push_back({{"name", name}, {"state", "unknown"}});
  }
  const auto name_or_null = [](const std::string& name) {
    return name.empty() ? json{} : json(name);
  };
  return json{{"node", of.self.id.name},
              {"cluster", name_or_null(of.cluster)},
              {"nodes", std::move(nodes)},
              {"links", std::move(links)},
              {"router", name_or_null(of.router)},
              {"engines", std::move(engines)},
              {"actors", of.actors}}
             .dump() +
         "\n";
}

}  // namespace troupe::apps
