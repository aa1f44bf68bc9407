#include "config/topology_reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/topology_fields.hpp"
#include "config/topology_names.hpp"

namespace troupe::config {
namespace {

using namespace std::chrono_literals;

const std::string source_dir = TROUPE_SOURCE_DIR;

std::optional<std::string> no_variables(const std::string&) {
  return std::nullopt;
}

topology read_good(const std::string& path, const environment& variables = no_variables) {
  read_result result = read_topology(path, variables);
  EXPECT_EQ(to_string(result.mistakes), "");
  return std::move(result.value);
}

TEST(topology_reader, the_shortest_file_has_the_defaults_of_the_structs) {
  const auto result = parse_topology(
      "{troupe: 1, nodes: {n: {actors: [router: , engine: {name: e, model: m.gguf}]}}}", "f",
      no_variables);
  ASSERT_EQ(to_string(result.mistakes), "");
  ASSERT_EQ(result.value.nodes.size(), 1u);
  const node_spec& node = result.value.nodes[0];
  EXPECT_EQ(node.name, "n");
  EXPECT_EQ(node.endpoint.address, "127.0.0.1");
  EXPECT_EQ(node.endpoint.port, 8000);
  EXPECT_EQ(node.endpoint.limits.body_bytes_max, http_limits{}.body_bytes_max);
  EXPECT_EQ(node.router.policy, routing_policy::prefix);
  EXPECT_EQ(node.log.level, "info");
  ASSERT_EQ(node.engines.size(), 1u);
  EXPECT_EQ(node.engines[0].kind, engine_kind::embedded);
  EXPECT_EQ(node.engines[0].model, "m.gguf");
  EXPECT_EQ(node.engines[0].kv_bytes, engine_spec{}.kv_bytes);
}

TEST(topology_reader, reads_every_key_of_endpoint_log_and_supervisor) {
  const topology all = read_good(source_dir + "/tests/config/every_key.yaml");
  ASSERT_EQ(all.nodes.size(), 1u);
  const node_spec& node = all.nodes[0];
  EXPECT_EQ(node.name, "one-0");
  EXPECT_EQ(node.endpoint.address, "::1");
  EXPECT_EQ(node.endpoint.port, 9100);
  EXPECT_EQ(node.endpoint.threads, 3u);
  const http_limits& http = node.endpoint.limits;
  EXPECT_EQ(http.header_bytes_max, 16u * 1024);
  EXPECT_EQ(http.body_bytes_max, 8u * 1024 * 1024);
  EXPECT_EQ(http.connections_max, 100u);
  EXPECT_EQ(http.queued_bytes_max, 1024u * 1024);
  EXPECT_EQ(http.header_timeout, 1s);
  EXPECT_EQ(http.body_timeout, 2s);
  EXPECT_EQ(http.idle_timeout, 3s);
  EXPECT_EQ(http.write_timeout, 4s);
  EXPECT_EQ(http.target_bytes_max, 4u * 1024);
  EXPECT_EQ(http.fields_max, 50u);
  EXPECT_EQ(http.client_connections_max, 10u);
  EXPECT_EQ(http.receive_timeout, 20s);
  EXPECT_EQ(http.answer_timeout, 30min);
  EXPECT_EQ(http.drain_timeout, 40s);
  EXPECT_EQ(node.log.level, "debug");
  EXPECT_EQ(node.log.format, log_format::json);
  EXPECT_EQ(node.supervisor.strategy, restart_strategy::rest_for_one);
  EXPECT_EQ(node.supervisor.restarts_max, 3u);
  EXPECT_EQ(node.supervisor.period, 2min);
  EXPECT_EQ(node.supervisor.backoff_min, 50ms);
  EXPECT_EQ(node.supervisor.backoff_max, 5s);
}

TEST(topology_reader, reads_every_key_of_client_stream_and_router) {
  const topology all = read_good(source_dir + "/tests/config/every_key.yaml");
  const node_spec& node = all.nodes.at(0);
  EXPECT_EQ(node.client.header_bytes_max, 32u * 1024);
  EXPECT_EQ(node.client.pooled_connections_max, 7u);
  EXPECT_EQ(node.client.connect_timeout, 500ms);
  EXPECT_EQ(node.client.idle_timeout, 1min);
  EXPECT_EQ(node.client.pooled_timeout, 9s);
  EXPECT_EQ(node.stream.event_bytes_max, 2u * 1024 * 1024);
  EXPECT_EQ(node.stream.json_depth_max, 32u);
  EXPECT_EQ(node.router.policy, routing_policy::least_loaded);
  EXPECT_EQ(node.router.limits.index_blocks_max, 1000u);
  EXPECT_EQ(node.router.limits.prompt_bytes_max, 1024u * 1024);
  EXPECT_EQ(node.router.limits.route_timeout, 700ms);
  EXPECT_EQ(node.router.limits.attempts_max, 2u);
  EXPECT_EQ(node.router.admission.requests_max, 50u);
  EXPECT_EQ(node.router.admission.bytes_max, 2u * 1024 * 1024);
  EXPECT_EQ(node.router.admission.queue_timeout, 6s);
  EXPECT_EQ(node.router.admission.prefill_tokens_max, 900u);
  EXPECT_EQ(node.router.session.header, "x-user");
  EXPECT_EQ(node.router.session.field, "session_id");
  EXPECT_EQ(node.router.session.balance, 150u);
  ASSERT_EQ(node.router.models.size(), 1u);
  EXPECT_EQ(node.router.models[0].name, "org/tiny");
  EXPECT_EQ(node.router.models[0].policy, routing_policy::session);
  EXPECT_EQ(node.router.models[0].aliases, (std::vector<std::string>{"gpt-4o", "small"}));
}

TEST(topology_reader, reads_every_key_of_engines) {
  const topology all = read_good(source_dir + "/tests/config/every_key.yaml");
  ASSERT_EQ(all.nodes.at(0).engines.size(), 2u);
  const engine_spec& cpu = all.nodes[0].engines[0];
  EXPECT_EQ(cpu.name, "cpu");
  EXPECT_EQ(cpu.kind, engine_kind::embedded);
  EXPECT_EQ(cpu.count, 2u);
  EXPECT_EQ(cpu.weight, 3u);
  EXPECT_EQ(cpu.requests_max, 12u);
  EXPECT_EQ(cpu.model, source_dir + "/tests/config/models/tiny.gguf");
  EXPECT_EQ(cpu.model_time, source_dir + "/tests/config/profiles/h100.yaml");
  EXPECT_EQ(cpu.kv_tokens, 4096u);
  EXPECT_EQ(cpu.served_model, "tiny");
  EXPECT_EQ(cpu.threads, 4u);
  EXPECT_EQ(cpu.kv_bytes, 64u * 1024 * 1024);
  EXPECT_EQ(cpu.context_tokens_max, 2048u);
  EXPECT_EQ(cpu.limits.queued_requests_max, 10u);
  EXPECT_EQ(cpu.limits.running_requests_max, 8u);
  EXPECT_EQ(cpu.limits.step_tokens_max, 128u);
  EXPECT_EQ(cpu.limits.stop_strings_max, 4u);
  EXPECT_EQ(cpu.limits.stop_string_bytes_max, 32u);
  EXPECT_EQ(cpu.kv_events.publisher, kv_publisher::zmq);
  EXPECT_EQ(cpu.kv_events.topic, "kv");
  EXPECT_EQ(cpu.kv_events.replay_steps, 64u);
  EXPECT_EQ(engine_names(cpu), (std::vector<std::string>{"cpu-0", "cpu-1"}));
  const engine_spec& gpu = all.nodes[0].engines[1];
  EXPECT_EQ(gpu.kind, engine_kind::openai);
  EXPECT_EQ(gpu.url, "https://gpu.example:9000");
  EXPECT_EQ(gpu.api_key, "sk-engine");
  EXPECT_EQ(gpu.ca, source_dir + "/tests/config/tls/engines.pem");
  EXPECT_EQ(gpu.probe_interval, 250ms);
  EXPECT_EQ(engine_names(gpu), std::vector<std::string>{"gpu"});
}

TEST(topology_reader, the_example_files_are_good) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{source_dir + "/config"}) {
    if (entry.path().extension() != ".yaml") continue;
    read_good(entry.path().string());
    ++files;
  }
  EXPECT_GE(files, 5u);
}

TEST(topology_reader, the_laptop_takes_its_model_from_the_environment) {
  const std::string path = source_dir + "/config/laptop.yaml";
  const topology with = read_good(path, [](const std::string& name) {
    return name == "TROUPE_MODEL" ? std::optional<std::string>{"/models/m.gguf"} : std::nullopt;
  });
  const node_spec& node = with.nodes.at(0);
  EXPECT_EQ(node.engines.at(0).model, "/models/m.gguf");
  EXPECT_EQ(node.engines.at(0).count, 2u);
  EXPECT_EQ(node.engines.at(0).threads, 1u);
  EXPECT_EQ(node.endpoint.port, 8000);
  EXPECT_EQ(read_good(path).nodes.at(0).engines.at(0).model, "");
}

TEST(topology_reader, numbers_may_be_quoted_or_come_from_variables) {
  const auto result = parse_topology(
      "troupe: 1\nnodes:\n  n:\n    endpoint: {threads: \"2\", listen: \"localhost:${PORT}\"}\n"
      "    actors:\n      - router: {}\n      - engine: {name: e, threads: '${N}', kv: 2 GB}\n",
      "f",
      [](const std::string& name) { return std::optional<std::string>{name == "N" ? "3" : "0"}; });
  ASSERT_EQ(to_string(result.mistakes), "");
  const node_spec& node = result.value.nodes[0];
  EXPECT_EQ(node.endpoint.threads, 2u);
  EXPECT_EQ(node.endpoint.address, "127.0.0.1");
  EXPECT_EQ(node.endpoint.port, 0);
  EXPECT_EQ(node.engines[0].threads, 3u);
  EXPECT_EQ(node.engines[0].kv_bytes, 2'000'000'000u);
}

TEST(topology_reader, aliases_fill_several_places) {
  const auto result = parse_topology(
      "troupe: 1\nnodes:\n  a: &node\n    actors: [router: {}, engine: {name: e}]\n  b: *node\n",
      "f", no_variables);
  ASSERT_EQ(to_string(result.mistakes), "");
  ASSERT_EQ(result.value.nodes.size(), 2u);
  EXPECT_EQ(result.value.nodes[1].name, "b");
  EXPECT_EQ(result.value.nodes[1].engines.size(), 1u);
}

TEST(topology_reader, says_why_a_file_cannot_be_read) {
  EXPECT_EQ(to_string(read_topology("/no/such.yaml").mistakes),
            "/no/such.yaml:1:1: the file cannot be read: No such file or directory\n");
  EXPECT_EQ(to_string(read_topology(source_dir).mistakes),
            source_dir + ":1:1: the file cannot be read: it is a folder\n");
}

TEST(topology_reader, refuses_a_file_over_the_limit) {
  const std::string path = testing::TempDir() + "/troupe_topology_too_large.yaml";
  std::ofstream{path} << std::string(1024 * 1024 + 1, '#');
  EXPECT_EQ(to_string(read_topology(path).mistakes),
            path + ":1:1: the file is larger than 1048576 bytes\n");
  std::filesystem::remove(path);
}

TEST(topology_reader, names_of_enumerations_go_both_ways) {
  EXPECT_EQ(parse_routing_policy(to_string(routing_policy::least_loaded)),
            routing_policy::least_loaded);
  EXPECT_EQ(parse_routing_policy("best"), std::nullopt);
  EXPECT_EQ(parse_log_format(to_string(log_format::json)), log_format::json);
  EXPECT_EQ(to_string(engine_kind::openai), "openai");
  EXPECT_EQ(to_string(restart_strategy::rest_for_one), "rest_for_one");
  EXPECT_EQ(log_level_names().size(), 5u);
}

}  // namespace
}  // namespace troupe::config
