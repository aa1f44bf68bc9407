#include "apps/cli_up.hpp"

#include <filesystem>
#include <fstream>
#include <map>

#include "config/topology_fields.hpp"
#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

using config::engine_kind;
using config::node_spec;

const std::string source_dir = TROUPE_SOURCE_DIR;
const std::string laptop = source_dir + "/config/laptop.yaml";
const std::string vllm = source_dir + "/config/vllm.yaml";

// Two files in a folder of their own: a model that `up` finds, and a configuration.
class cli_up : public testing::Test {
 protected:
  cli_up() {
    std::filesystem::create_directories(folder_);
    std::ofstream{model_} << "GGUF";
  }
  ~cli_up() override { std::filesystem::remove_all(folder_); }

  std::string write_config(const std::string& text) const {
    std::ofstream{folder_ + "/c.yaml"} << text;
    return folder_ + "/c.yaml";
  }

  node_spec up(const std::string& flags) const { return parse_as<up_command>("up " + flags).node; }

  const std::string folder_ = testing::TempDir() + "troupe_cli_up_" +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string model_ = folder_ + "/m.gguf";
};

TEST_F(cli_up, needs_to_know_what_to_run) {
  EXPECT_EQ(mistake_of("up"), "nothing to run: give -c FILE, --engine URL or --model PATH");
  EXPECT_EQ(mistake_of("up --engines 2"),
            "nothing to run: give -c FILE, --engine URL or --model PATH");
  EXPECT_EQ(mistake_of("up --node a --model x"), "--node chooses a node of a file; add -c FILE");
}

TEST_F(cli_up, puts_a_router_before_running_engines) {
  const node_spec node =
      up("--engine http://a:1 --engine http://b:2/ --port 0 --policy round_robin");
  EXPECT_EQ(node.name, "local");
  EXPECT_EQ(node.endpoint.address, "127.0.0.1");
  EXPECT_EQ(node.endpoint.port, 0);
  EXPECT_EQ(node.router.policy, config::routing_policy::round_robin);
  ASSERT_EQ(node.engines.size(), 2u);
  EXPECT_EQ(node.engines[0].name, "engine-0");
  EXPECT_EQ(node.engines[0].kind, engine_kind::openai);
  EXPECT_EQ(node.engines[0].url, "http://a:1");
  EXPECT_EQ(node.engines[1].url, "http://b:2");
}

TEST_F(cli_up, starts_embedded_engines_without_a_file) {
  const node_spec node = up("--model " + model_ + " --engines 3 --engine-threads 2");
  ASSERT_EQ(node.engines.size(), 1u);
  EXPECT_EQ(node.engines[0].name, "local");
  EXPECT_EQ(node.engines[0].kind, engine_kind::embedded);
  EXPECT_EQ(node.engines[0].model, model_);
  EXPECT_EQ(node.engines[0].count, 3u);
  EXPECT_EQ(node.engines[0].threads, 2u);
  EXPECT_EQ(node.endpoint.port, 8000);
}

TEST_F(cli_up, flags_override_the_file) {
  const node_spec node =
      up("-c " + laptop + " --model " + model_ +
         " --engines 4 --engine-threads 2 --host ::1 --port 9 --policy least_loaded --threads 3 "
         "--log-level debug --log-format json");
  EXPECT_EQ(node.engines.at(0).model, model_);
  EXPECT_EQ(node.engines[0].count, 4u);
  EXPECT_EQ(node.engines[0].threads, 2u);
  EXPECT_EQ(node.endpoint.address, "::1");
  EXPECT_EQ(node.endpoint.port, 9);
  EXPECT_EQ(node.endpoint.threads, 3u);
  EXPECT_EQ(node.router.policy, config::routing_policy::least_loaded);
  EXPECT_EQ(node.log.level, "debug");
  EXPECT_EQ(node.log.format, config::log_format::json);
}

TEST_F(cli_up, without_flags_the_file_is_what_runs) {
  const node_spec node = up("--config=" + vllm);
  EXPECT_EQ(node.name, "router");
  EXPECT_EQ(node.endpoint.address, "0.0.0.0");
  EXPECT_EQ(node.endpoint.threads, 2u);
  EXPECT_EQ(node.engines.size(), 2u);
}

TEST_F(cli_up, engine_urls_replace_the_engines_of_the_file) {
  const node_spec node = up("-c " + laptop + " --engine http://a:1");
  ASSERT_EQ(node.engines.size(), 1u);
  EXPECT_EQ(node.engines[0].url, "http://a:1");
}

TEST_F(cli_up, chooses_a_node_of_several) {
  const std::string actors =
      "{actors: [router: {}, engine: {name: e, kind: openai, url: 'http://a:1'}]}";
  const std::string file =
      write_config("troupe: 1\nnodes:\n  one: " + actors + "\n  two: " + actors + "\n");
  EXPECT_EQ(up("-c " + file + " --node two").name, "two");
  EXPECT_EQ(mistake_of("up -c " + file),
            file + " has several nodes: one, two; choose one with --node NAME");
  EXPECT_EQ(mistake_of("up -c " + file + " --node three"),
            "--node is 'three', but " + file + " has: one, two");
}

// The name of the node that runs, or the mistake, where these variables are set.
std::string chosen_with(const std::string& file, std::map<std::string, std::string> variables) {
  const auto parsed =
      parse_command({"up", "-c", file}, [&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional{found->second};
      });
  if (const auto* up = std::get_if<up_command>(&parsed)) return up->node.name;
  return std::get<finished>(parsed).text;
}

TEST_F(cli_up, a_node_may_be_named_by_the_environment_or_the_host) {
  const std::string actors =
      "{actors: [router: {}, engine: {name: e, kind: openai, url: 'http://a:1'}]}";
  const std::string file =
      write_config("troupe: 1\nnodes:\n  one: " + actors + "\n  two: " + actors + "\n");
  EXPECT_EQ(chosen_with(file, {{"TROUPE_NODE", "two"}, {"HOSTNAME", "one"}}), "two");
  EXPECT_EQ(chosen_with(file, {{"HOSTNAME", "one"}}), "one");
  EXPECT_EQ(chosen_with(file, {{"HOSTNAME", "laptop"}}),
            file + " has several nodes: one, two; choose one with --node NAME");
  EXPECT_EQ(chosen_with(file, {{"TROUPE_NODE", "six"}}),
            "TROUPE_NODE is 'six', but " + file + " has: one, two");
}

TEST_F(cli_up, a_node_of_a_cluster_knows_its_link_and_names_its_engines_by_itself) {
  const auto up =
      parse_as<up_command>("up -c " + source_dir + "/config/two-hosts.yaml --node engines " +
                           "--model " + source_dir + "/README.md");
  EXPECT_EQ(up.node.member.address, "127.0.0.1");
  EXPECT_EQ(up.node.member.port, 7101);
  EXPECT_EQ(up.node.member.advertise, "127.0.0.1:7101");
  ASSERT_EQ(up.node.engines.size(), 1u);
  EXPECT_EQ(up.node.engines[0].name, "engines.cpu");
  EXPECT_EQ(up.topology.nodes.size(), 2u);
}

TEST_F(cli_up, flags_and_checks_reach_placed_engines_that_may_come_to_the_node) {
  const std::string file = source_dir + "/config/region-cells.yaml";
  const std::string begin = "up -c " + file + " --node ";
  const auto up = parse_as<up_command>(begin + "engine-a-0 --engine-threads 3 --model " + model_);
  ASSERT_EQ(up.topology.placed.size(), 2u);
  EXPECT_EQ(up.topology.placed[0].engine.model, model_);
  EXPECT_EQ(up.topology.placed[0].engine.threads, 3u);
  EXPECT_EQ(up.topology.placed[1].engine.model, "");
  EXPECT_EQ(mistake_of(begin + "engine-b-1"),
            "the engine 'cpu-b' has no model; give --model PATH, or its key `model` in the file a "
            "value");
  EXPECT_EQ(mistake_of(begin + "engine-b-1 --engines 2"),
            "--engines is for engines of the node itself, and " + file +
                " has none for it; how many are placed its key `count` says, for all nodes");
  EXPECT_EQ(parse_as<up_command>(begin + "router-b-1").node.name, "router-b-1");
}

TEST_F(cli_up, reports_every_mistake_of_the_file) {
  const std::string file = write_config("troupe: 2\nnode: {}\n");
  EXPECT_EQ(mistake_of("up -c " + file),
            file + ":1:1: nodes is missing\n" + file + ":1:9: troupe is '2'; expected 1\n" + file +
                ":2:1: 'node' is not a key here; did you mean 'nodes'?");
  EXPECT_EQ(mistake_of("up -c /no/such.yaml"),
            "/no/such.yaml:1:1: the file cannot be read: No such file or directory");
}

TEST_F(cli_up, a_model_must_be_given_and_exist) {
  EXPECT_EQ(mistake_of("up -c " + laptop),
            "the engine 'local' has no model; give --model PATH, or "
            "its key `model` in the file a value");
  EXPECT_EQ(mistake_of("up --model /no/m.gguf"),
            "there is no model file '/no/m.gguf'; give --model PATH (troupe make-tiny-model PATH "
            "makes a small one for trying)");
  EXPECT_NE(mistake_of("up --model " + folder_).find("there is no model file"), std::string::npos);
}

TEST_F(cli_up, a_modelled_engine_needs_its_profile_and_no_model) {
  const std::string begin =
      "troupe: 1\nnodes: {n: {actors: [router: , engine: {name: a, model_time: ";
  const std::string profile = source_dir + "/config/profiles/h100-llama-8b.yaml";
  const auto good = write_config(begin + profile + "}]}}\n");
  EXPECT_EQ(up("-c " + good).engines.at(0).model_time, profile);
  EXPECT_EQ(mistake_of("up -c " + write_config(begin + "/no/profile.yaml}]}}\n")),
            "there is no time profile '/no/profile.yaml'");
}

TEST_F(cli_up, the_two_kinds_of_engines_do_not_mix_in_flags) {
  const std::string either =
      "--engine is for engines that already run; --model, --engines and --engine-threads are for "
      "embedded ones: give one or the other";
  EXPECT_EQ(mistake_of("up --engine http://a:1 --model " + model_), either);
  EXPECT_EQ(mistake_of("up --engine http://a:1 --engines 2"), either);
  EXPECT_EQ(mistake_of("up -c " + vllm + " --model " + model_),
            "--model, --engines and --engine-threads are for embedded engines, and " + vllm +
                " has none for this node");
}

TEST_F(cli_up, engines_needs_a_single_group) {
  const std::string file = write_config(
      "troupe: 1\nnodes: {n: {actors: [router: , engine: {name: a, model: m.gguf}, "
      "engine: {name: a-1, model: m.gguf}]}}\n");
  EXPECT_EQ(mistake_of("up -c " + file + " --engines 2"),
            "--engines does not say which group it means: " + file +
                " has 2 embedded ones; set `count` there");
  EXPECT_EQ(up("-c " + file).engines.at(0).model, model_);
}

TEST_F(cli_up, a_count_from_the_flags_must_not_take_a_name) {
  const std::string file = write_config(
      "troupe: 1\nnodes: {n: {actors: [router: , engine: {name: a, model: m.gguf}, "
      "engine: {name: a-1, kind: openai, url: 'http://a:1'}]}}\n");
  EXPECT_EQ(mistake_of("up -c " + file + " --engines 2"), "two engines are called 'a-1'");
}

struct flag_case {
  const char* flags;
  const char* mistake;
};

TEST_F(cli_up, values_out_of_range_say_what_is_allowed) {
  const flag_case cases[] = {
      {"--port 65536", "--port is '65536'; expected a whole number from 0 to 65535"},
      {"--port x", "--port is 'x'; expected a whole number from 0 to 65535"},
      {"--threads 0", "--threads is '0'; expected a whole number from 1 to 256"},
      {"--host gpu",
       "--host is 'gpu'; expected an IP address in numbers, such as 127.0.0.1, "
       "0.0.0.0 or ::1"},
      {"--policy prefx",
       "--policy is 'prefx'; expected one of round_robin, least_loaded, prefix, session; "
       "did you mean 'prefix'?"},
      {"--log-level loud",
       "--log-level is 'loud'; expected one of trace, debug, info, warn, error"},
      {"--log-format xml", "--log-format is 'xml'; expected one of text, json"},
      {"--engine a:1", "--engine 'a:1' is not of the form http://HOST:PORT or https://HOST:PORT"},
      {"--engine http://a:1/", "--engine 'http://a:1' is given twice"},
  };
  for (const flag_case& c : cases) {
    EXPECT_EQ(mistake_of(std::string{"up --engine http://a:1 "} + c.flags), c.mistake);
  }
  EXPECT_EQ(mistake_of("up --engines 65 --model " + model_),
            "--engines is '65'; expected a whole number from 1 to 64");
}

}  // namespace
}  // namespace troupe::apps
