#include "apps/check_files.hpp"

#include "apps/cli.hpp"
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

std::string summary_of(const config::node_spec& node) {
  const bool sealed = !node.endpoint.tls.certificate.empty();
  std::string text =
      "  node " + node.name + (sealed ? ": https://" : ": http://") +
      config::format_listen({node.endpoint.address, node.endpoint.port}) + ", " +
      counted(node.endpoint.threads, "I/O thread") +
      (node.endpoint.api_keys.empty() ? ""
                                      : ", " + counted(node.endpoint.api_keys.size(), "API key")) +
      "\n";
  text += "    router: " + std::string{to_string(node.router.policy)} + "\n";
  for (const config::engine_spec& engine : node.engines) text += summary_of(engine);
  return text;
}

}  // namespace

check_report check_files(const std::vector<std::string>& files,
                         const config::environment& variables) {
  check_report report;
  for (const std::string& file : files) {
    const config::read_result read = config::read_topology(file, variables);
    if (!read.ok()) {
      report.exit_code = exit_failure;
      report.mistakes += config::to_string(read.mistakes);
      continue;
    }
    report.summary += file + ": good, " + counted(read.value.nodes.size(), "node") + "\n";
    for (const config::node_spec& node : read.value.nodes) report.summary += summary_of(node);
  }
  return report;
}

}  // namespace troupe::apps
