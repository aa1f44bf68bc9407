#include "apps/check_files.hpp"

#include "apps/check_plan.hpp"
#include "apps/cli.hpp"
#include "config/topology_members.hpp"
#include "config/topology_names.hpp"
#include "config/topology_reader.hpp"
#include "config/units.hpp"

namespace troupe::apps {

namespace {

std::string counted(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string summary_of(const config::engine_spec& engine) {
  std::string text =
      "    engine " + engine.name + ": " + std::string{to_string(engine.kind)} + ", ";
  if (engine.kind == config::engine_kind::openai) return text + engine.url + "\n";
  return text + counted(engine.count, "engine") + " with " + counted(engine.threads, "thread") +
         " and " + config::format_bytes(engine.kv_bytes) + " of KV, " +
         (engine.model.empty() ? "model from the command line" : engine.model) + "\n";
}

std::string endpoint_of(const config::node_spec& node) {
  if (!node.has_router) return "no endpoint";
  const auto& endpoint = node.endpoint;
  return (endpoint.tls.certificate.empty() ? "http://" : "https://") +
         config::format_listen({endpoint.address, endpoint.port}) + ", " +
         counted(endpoint.threads, "I/O thread") +
         (endpoint.api_keys.empty() ? "" : ", " + counted(endpoint.api_keys.size(), "API key"));
}

std::string summary_of(const config::node_spec& node, const config::topology& all) {
  std::string text = "  node " + node.name + ": " + endpoint_of(node);
  if (all.cluster) text += ", link " + config::link_peer(*all.cluster, node.member);
  text += "\n";
  if (node.has_router) text += "    router: " + std::string{to_string(node.router.policy)} + "\n";
  for (const config::engine_spec& engine : node.engines) text += summary_of(engine);
  return text;
}

std::string summary_of(const config::topology& all) {
  std::string text;
  if (all.cluster) {
    text += "  cluster " + all.cluster->name + ": links " +
            (all.cluster->key.empty() ? "without a key" : "with the key " + all.cluster->key) +
            "\n";
  }
  if (!all.placed.empty()) text += "  placed:\n";
  for (const auto& placed : all.placed) text += summary_of(placed.engine);
  for (const auto& node : all.nodes) text += summary_of(node, all);
  return text;
}

}  // namespace

check_report check_files(const check_command& check, const config::environment& variables) {
  check_report report;
  const auto fail = [&](const std::string& lines) {
    report.exit_code = exit_failure;
    report.mistakes += lines;
  };
  for (const std::string& file : check.files) {
    const config::read_result read = config::read_topology(file, variables);
    if (!read.ok()) {
      fail(config::to_string(read.mistakes));
      continue;
    }
    report.summary += file + ": good, " + counted(read.value.nodes.size(), "node") + "\n";
    if (!check.plan) {
      report.summary += summary_of(read.value);
      continue;
    }
    const auto plan = plan_of(read.value, check.without);
    report.summary += plan.text;
    if (!plan.mistake.empty()) fail(file + ": " + plan.mistake + "\n");
  }
  return report;
}

}  // namespace troupe::apps
