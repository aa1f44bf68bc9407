#include "apps/cli_engine.hpp"

#include <nlohmann/json.hpp>

#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

using engine::engine_options;
using namespace std::chrono_literals;

// Every field of the options, for comparison; what has no flag is at its default.
std::string rendered(const engine_options& o) {
  std::ostringstream out;
  out << o.model_path << '|' << o.model_time << '|' << o.kv_tokens << '|' << o.served_model << '|'
      << o.host << '|' << o.port << '|' << o.threads << '|' << o.kv_bytes << '|'
      << o.context_tokens_max << '|' << o.drain_timeout.count() << '|'
      << o.limits.queued_requests_max << '|' << o.limits.running_requests_max << '|'
      << o.limits.step_tokens_max << '|' << o.limits.stop_strings_max << '|'
      << o.limits.stop_string_bytes_max << '|' << o.http.body_bytes_max << '|' << o.log.level << '|'
      << static_cast<int>(o.log.format) << "|" << o.kv_events;
  return out.str();
}

engine_options parse_arguments(const std::vector<std::string>& arguments) {
  const command parsed = parse_command(arguments, no_variables);
  const auto* engine = std::get_if<engine_command>(&parsed);
  if (engine == nullptr) {
    ADD_FAILURE() << std::get<finished>(parsed).text;
    return {};
  }
  return engine->options;
}

TEST(cli_engine, the_model_is_all_it_needs) {
  const auto options = parse_as<engine_command>("engine --model m.gguf").options;
  engine_options expected;
  expected.model_path = "m.gguf";
  EXPECT_EQ(rendered(options), rendered(expected));
}

TEST(cli_engine, reads_every_flag) {
  const auto o = parse_as<engine_command>(
                     "engine --model m.gguf --served-model-name m --host ::1 --port 8001 "
                     "--drain-timeout 5s --threads 3 --kv-bytes 64MiB --max-model-len 2048 "
                     "--max-num-batched-tokens 256 --max-num-seqs 9 --max-queued-requests 11 "
                     "--max-stop-strings 2 --max-stop-string-bytes 8 --max-body-bytes 1MiB "
                     "--log-level warn --log-format json")
                     .options;
  EXPECT_EQ(o.served_model, "m");
  EXPECT_EQ(o.host, "::1");
  EXPECT_EQ(o.port, 8001);
  EXPECT_EQ(o.drain_timeout, 5s);
  EXPECT_EQ(o.threads, 3u);
  EXPECT_EQ(o.kv_bytes, 64u * 1024 * 1024);
  EXPECT_EQ(o.context_tokens_max, 2048u);
  EXPECT_EQ(o.limits.step_tokens_max, 256u);
  EXPECT_EQ(o.limits.running_requests_max, 9u);
  EXPECT_EQ(o.limits.queued_requests_max, 11u);
  EXPECT_EQ(o.limits.stop_strings_max, 2u);
  EXPECT_EQ(o.limits.stop_string_bytes_max, 8u);
  EXPECT_EQ(o.http.body_bytes_max, 1024u * 1024);
  EXPECT_EQ(o.log.level, "warn");
  EXPECT_EQ(o.log.format, config::log_format::json);
}

TEST(cli_engine, arguments_and_options_go_both_ways) {
  engine_options options;
  options.model_path = "/a b/--m=1.gguf";
  options.model_time = "profile of=mine.yaml";
  options.kv_tokens = 4'096;
  options.served_model = "-x";
  options.host = "::1";
  options.port = 9;
  options.drain_timeout = 90s;
  options.threads = 5;
  options.kv_bytes = 123'456'789;
  options.context_tokens_max = 777;
  options.limits = {21, 22, 23, 24, 25};
  options.http.body_bytes_max = 123'457;
  options.log = {"error", config::log_format::json};
  options.kv_events = R"({"enable_kv_cache_events": true})";
  const auto arguments = engine_arguments(options);
  EXPECT_EQ(arguments.at(0), "engine");
  EXPECT_EQ(rendered(parse_arguments(arguments)), rendered(options));
  engine_options plain;
  plain.model_path = "m";
  EXPECT_EQ(rendered(parse_arguments(engine_arguments(plain))), rendered(plain));
}

TEST(cli_engine, a_node_starts_engines_with_what_its_file_says) {
  config::node_spec node;
  node.endpoint.limits.body_bytes_max = 99'000;
  node.log.level = "debug";
  config::engine_spec group;
  group.model = "m.gguf";
  group.model_time = "t.yaml";
  group.kv_tokens = 640;
  group.served_model = "served";
  group.threads = 4;
  group.kv_bytes = 7ull << 20;
  group.context_tokens_max = 512;
  group.limits.running_requests_max = 3;
  const engine_options options = engine_options_of(node, group);
  EXPECT_EQ(options.model_path, "m.gguf");
  EXPECT_EQ(options.model_time, "t.yaml");
  EXPECT_EQ(options.kv_tokens, 640u);
  EXPECT_EQ(options.served_model, "served");
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 0);
  EXPECT_EQ(options.threads, 4u);
  EXPECT_EQ(options.kv_bytes, 7ull << 20);
  EXPECT_EQ(options.context_tokens_max, 512u);
  EXPECT_EQ(options.limits.running_requests_max, 3u);
  EXPECT_EQ(options.http.body_bytes_max, 99'000u);
  EXPECT_EQ(options.log.level, "debug");
}

TEST(cli_engine, engines_of_a_node_publish_kv_events_on_free_ports) {
  const config::node_spec node;
  config::engine_spec group;
  group.kv_events = {config::kv_publisher::zmq, "kv", 64};
  const auto events = nlohmann::json::parse(engine_options_of(node, group).kv_events);
  EXPECT_EQ(events["enable_kv_cache_events"], true);
  EXPECT_EQ(events["publisher"], "zmq");
  EXPECT_EQ(events["endpoint"], "tcp://127.0.0.1:0");
  EXPECT_EQ(events["replay_endpoint"], "tcp://127.0.0.1:0");
  EXPECT_EQ(events["topic"], "kv");
  EXPECT_EQ(events["buffer_steps"], 64);
  group.kv_events.replay_steps = 0;
  const auto unkept = nlohmann::json::parse(engine_options_of(node, group).kv_events);
  EXPECT_FALSE(unkept.contains("replay_endpoint"));
  group.kv_events = {};
  EXPECT_EQ(engine_options_of(node, group).kv_events, "");
}

TEST(cli_engine, a_time_profile_stands_in_for_a_model) {
  const auto options =
      parse_as<engine_command>("engine --model-time t.yaml --kv-tokens 32").options;
  engine_options expected;
  expected.model_time = "t.yaml";
  expected.kv_tokens = 32;
  EXPECT_EQ(rendered(options), rendered(expected));
  EXPECT_EQ(mistake_of("engine --model m --kv-tokens 32"),
            "--kv-tokens is for modelled engines (--model-time); a real one has --kv-bytes");
}

TEST(cli_engine, mistakes_say_what_is_allowed) {
  EXPECT_EQ(mistake_of("engine"),
            "an engine needs a model: add --model PATH (troupe make-tiny-model PATH makes one)");
  EXPECT_EQ(mistake_of("engine --model m --kv-bytes lots"),
            "--kv-bytes is 'lots'; expected a size such as 512MiB, from 1MiB to 1TiB");
  EXPECT_EQ(mistake_of("engine --model m --threads 0"),
            "--threads is '0'; expected a whole number from 1 to 256");
  EXPECT_EQ(mistake_of("engine --model m --drain-timeout 5"),
            "--drain-timeout is '5'; expected a duration such as 100ms, 2s or 1m, at most 24h");
  const command empty = parse_command({"engine", "--model", ""}, no_variables);
  EXPECT_EQ(std::get<finished>(empty).text, "--model is empty; give it a value or leave it out");
}

}  // namespace
}  // namespace troupe::apps
