#include "apps/cli_up.hpp"

#include <algorithm>
#include <set>

#include <CLI/CLI.hpp>

#include "apps/engine_files.hpp"
#include "config/mistake.hpp"
#include "config/topology_fields.hpp"
#include "config/topology_members.hpp"
#include "config/topology_names.hpp"
#include "config/topology_reader.hpp"
#include "config/units.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps {

namespace {

using config::engine_kind;
using config::engine_spec;
using config::node_spec;

constexpr std::size_t engines_max = 64;  // of one group, as in the file

constexpr const char* examples =
    "Examples:\n"
    "  troupe up -c config/laptop.yaml --model model.gguf\n"
    "      two CPU engines and a router, as the file says, with this model\n"
    "  troupe up --engine http://127.0.0.1:8001 --engine http://127.0.0.1:8002 --port 8000\n"
    "      a router before engines that already run (vLLM, or anything OpenAI-compatible)\n"
    "  troupe up -c nodes.yaml --node b\n"
    "      the node b of a file with several\n"
    "  troupe up --model model.gguf --engines 2 --policy least_loaded\n"
    "      no file at all\n"
    "\n"
    "Flags override the file. Keys, units and defaults: docs/configuration.md\n"
    "Ctrl-C finishes the answers under way, stops the engines and ends; twice ends at once.";

// Says in the node itself where its link is, also where the cluster says it for all, and gives its
// engines names that no engine of another node has.
void settle_member(const config::cluster_spec& cluster, node_spec& node) {
  auto& member = node.member;
  const auto listen = config::link_listen(cluster, member);
  member.advertise = config::link_peer(cluster, member);
  member.address = listen.address;
  member.port = listen.port;
  for (engine_spec& engine : node.engines) engine.name = node.name + "." + engine.name;
}

// Which node is to run, and who says so.
struct node_choice {
  std::string name;
  std::string source;  // a flag or a variable
};

std::optional<node_choice> choice_of(const up_flags& flags, const std::vector<node_spec>& nodes,
                                     const config::environment& variables) {
  if (flags.node) return node_choice{*flags.node, "--node"};
  if (nodes.size() == 1) return node_choice{nodes.front().name, ""};
  if (const auto name = variables("TROUPE_NODE")) return node_choice{*name, "TROUPE_NODE"};
  const auto host = variables("HOSTNAME");
  if (!host || std::ranges::find(nodes, *host, &node_spec::name) == nodes.end()) return {};
  return node_choice{*host, "HOSTNAME"};
}

// Returns the node of the file that is to run.
caf::expected<up_command> node_of_file(const up_flags& flags,
                                       const config::environment& variables) {
  config::read_result read = config::read_topology(*flags.file, variables);
  if (!read.ok()) {
    std::string lines = config::to_string(read.mistakes);
    lines.pop_back();
    return make_failure(errc::invalid_config, std::move(lines));
  }
  const std::vector<node_spec>& nodes = read.value.nodes;
  std::vector<std::string_view> names;
  for (const node_spec& node : nodes) names.push_back(node.name);
  const auto choice = choice_of(flags, nodes, variables);
  if (!choice) {
    return make_failure(errc::invalid_config, *flags.file +
                                                  " has several nodes: " + config::joined(names) +
                                                  "; choose one with --node NAME");
  }
  const auto node = std::ranges::find(nodes, choice->name, &node_spec::name);
  if (node == nodes.end()) {
    return make_failure(errc::invalid_config, choice->source + " is " +
                                                  config::quote(choice->name) + ", but " +
                                                  *flags.file + " has: " + config::joined(names));
  }
  node_spec chosen = *node;
  if (read.value.cluster) settle_member(*read.value.cluster, chosen);
  return up_command{std::move(chosen), std::move(read.value)};
}

// Returns what the flags alone describe, its engines still to come from them.
caf::expected<up_command> node_without_file(const up_flags& flags) {
  if (flags.node) {
    return make_failure(errc::invalid_config, "--node chooses a node of a file; add -c FILE");
  }
  if (flags.engine_urls.empty() && !flags.model) {
    return make_failure(errc::invalid_config,
                        "nothing to run: give -c FILE, --engine URL or --model PATH");
  }
  node_spec node;
  if (flags.engine_urls.empty()) {
    engine_spec engine;
    engine.name = "local";
    node.engines.push_back(std::move(engine));
  }
  return up_command{std::move(node), {}};
}

// Replaces the node's engines by the ones the flags name.
void take_urls(const std::vector<std::string>& urls, node_spec& node, flag_reader& read) {
  node.engines.clear();
  std::set<std::string> seen;
  for (std::string url : urls) {
    if (const std::string mistake = config::url_mistake(url); !mistake.empty()) {
      return read.fail("--engine " + config::quote(url) + " " + mistake);
    }
    if (url.ends_with('/')) url.pop_back();
    if (!seen.insert(url).second)
      return read.fail("--engine " + config::quote(url) + " is given twice");
    engine_spec engine;
    engine.kind = engine_kind::openai;
    engine.name = "engine-" + std::to_string(node.engines.size());
    engine.url = std::move(url);
    node.engines.push_back(std::move(engine));
  }
}

// Returns the placed groups of which the node may have to run an engine.
std::vector<engine_spec*> placeable(up_command& up) {
  const auto& member = up.node.member;
  const placement_node self{{up.node.name, 1}, member.labels, member.roles, member.weight};
  const auto actors = config::placed_actors(up.topology);
  std::vector<engine_spec*> groups;
  for (std::size_t i = 0; i < actors.size(); ++i) {
    if (place({actors[i]}, {self}).instances.empty()) continue;
    groups.push_back(&up.topology.placed[i].engine);
  }
  return groups;
}

// Changes the embedded engines that the node has or may get, as the flags say.
void take_embedded(const up_flags& flags, up_command& up, flag_reader& read) {
  std::vector<engine_spec*> groups;
  for (engine_spec& engine : up.node.engines) groups.push_back(&engine);
  std::erase_if(groups, [](const auto* group) { return group->kind != engine_kind::embedded; });
  if (flags.engines && groups.empty() && !up.topology.placed.empty()) {
    return read.fail("--engines is for engines of the node itself, and " + *flags.file +
                     " has none for it; how many are placed its key `count` says, for all nodes");
  }
  if (flags.engines && groups.size() > 1) {
    return read.fail("--engines does not say which group it means: " + *flags.file + " has " +
                     std::to_string(groups.size()) + " embedded ones; set `count` there");
  }
  for (engine_spec* engine : groups) {
    read.count("--engines", flags.engines, {1, engines_max}, engine->count);
  }
  for (engine_spec* engine : placeable(up)) {
    if (engine->kind == engine_kind::embedded) groups.push_back(engine);
  }
  if (groups.empty()) {
    return read.fail("--model, --engines and --engine-threads are for embedded engines, and " +
                     *flags.file + " has none for this node");
  }
  for (engine_spec* engine : groups) {
    read.text("--model", flags.model, engine->model);
    read.count("--engine-threads", flags.engine_threads, {1, 256}, engine->threads);
  }
}

void take_engines(const up_flags& flags, up_command& up, flag_reader& read) {
  const bool has_embedded_flag = flags.model || flags.engines || flags.engine_threads;
  if (!flags.engine_urls.empty() && has_embedded_flag) {
    return read.fail(
        "--engine is for engines that already run; --model, --engines and --engine-threads are "
        "for embedded ones: give one or the other");
  }
  if (!flags.engine_urls.empty()) return take_urls(flags.engine_urls, up.node, read);
  if (has_embedded_flag) take_embedded(flags, up, read);
}

// Finds what would only come out once the engines start.
void check_engines(up_command& up, flag_reader& read) {
  std::set<std::string> names;
  for (const engine_spec& engine : up.node.engines) {
    for (const std::string& name : config::engine_names(engine)) {
      if (!names.insert(name).second) read.fail("two engines are called " + config::quote(name));
    }
    if (std::string missing = missing_file(engine); !missing.empty()) read.fail(missing);
  }
  for (const engine_spec* engine : placeable(up)) {
    if (std::string missing = missing_file(*engine); !missing.empty()) read.fail(missing);
  }
}

}  // namespace

CLI::App* add_up(CLI::App& app, up_flags& flags) {
  CLI::App* up = app.add_subcommand("up", "Run a node: HTTP endpoint, router, engines");
  up->add_option("-c,--config", flags.file, "Actor config file (YAML)")->type_name("FILE");
  up->add_option("--node", flags.node,
                 "Which node of the file to run [$TROUPE_NODE, or the host's name]")
      ->type_name("NAME");
  up->add_option("--engine", flags.engine_urls,
                 "An engine that already runs, http://HOST:PORT; may be repeated. Replaces the "
                 "file's engines")
      ->type_name("URL")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  up->add_option("--model", flags.model, "Model of the embedded engines, a GGUF file")
      ->type_name("PATH");
  up->add_option("--engines", flags.engines, "How many embedded engines")->type_name("N");
  up->add_option("--engine-threads", flags.engine_threads, "Threads of each embedded engine")
      ->type_name("N");
  up->add_option("--host", flags.host, "Address to listen on [127.0.0.1]")->type_name("ADDRESS");
  up->add_option("--port", flags.port, "Port to listen on; 0 is any free one [8000]")
      ->type_name("N");
  up->add_option("--policy", flags.policy, "prefix, session, least_loaded or round_robin [prefix]")
      ->type_name("NAME");
  up->add_option("--threads", flags.threads, "I/O threads of the endpoint [1]")->type_name("N");
  up->add_option("--log-level", flags.log_level, "trace, debug, info, warn or error [info]")
      ->type_name("LEVEL");
  up->add_option("--log-format", flags.log_format, "text or json [text]")->type_name("FORMAT");
  up->footer(examples);
  return up;
}

caf::expected<up_command> up_command_of(const up_flags& flags,
                                        const config::environment& variables) {
  auto up = flags.file ? node_of_file(flags, variables) : node_without_file(flags);
  if (!up) return up;
  node_spec& node = up->node;
  flag_reader read;
  take_engines(flags, *up, read);
  read.address("--host", flags.host, node.endpoint.address);
  read.port("--port", flags.port, node.endpoint.port);
  read.choice("--policy", flags.policy, config::routing_policy_names(), node.router.policy);
  read.count("--threads", flags.threads, {1, 256}, node.endpoint.threads);
  const config::name_list& levels = config::log_level_names();
  if (const auto index = read.read_word("--log-level", flags.log_level, levels)) {
    node.log.level = levels[*index];
  }
  read.choice("--log-format", flags.log_format, config::log_format_names(), node.log.format);
  check_engines(*up, read);
  if (caf::error error = read.error()) return error;
  return up;
}

}  // namespace troupe::apps
