#include "apps/cli_engine.hpp"

#include <functional>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "config/topology_names.hpp"
#include "config/units.hpp"

namespace troupe::apps {

namespace {

using engine::engine_options;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = kib * kib;

constexpr const char* examples =
    "Examples:\n"
    "  troupe engine --model SmolLM2-135M-Instruct.Q4_1.gguf --port 8001\n"
    "  troupe engine --model model.gguf --threads 2 --kv-bytes 1GiB --max-model-len 4096\n"
    "  troupe engine --model-time config/profiles/h100-llama-8b.yaml\n"
    "      computes nothing: tokens are hashes, times are those of an 8B model on an H100\n"
    "\n"
    "It serves /v1/chat/completions, /v1/completions, /v1/models, /tokenize, /health and "
    "/metrics.\n"
    "`troupe up` starts such engines itself; run one alone to measure it or to place it "
    "elsewhere.\n"
    "Names of flags follow vLLM's where there is one.";

// One flag of the engine: how it is read and how it is written.
struct engine_flag {
  const char* name;
  const char* type;
  const char* help;
  std::function<void(flag_reader&, const char*, const flag_text&, engine_options&)> read;
  std::function<std::string(const engine_options&)> write;
};

// A flag for a whole number at `member` of the options.
template <class Member>
engine_flag count_flag(const char* name, const char* help, config::range allowed, Member member) {
  return {name, "N", help,
          [=](flag_reader& r, const char* flag, const flag_text& text, engine_options& o) {
            r.count(flag, text, allowed, member(o));
          },
          [=](const engine_options& o) { return std::to_string(member(o)); }};
}

// The same for a size.
template <class Member>
engine_flag bytes_flag(const char* name, const char* help, config::range allowed, Member member) {
  return {name, "SIZE", help,
          [=](flag_reader& r, const char* flag, const flag_text& text, engine_options& o) {
            r.bytes(flag, text, allowed, member(o));
          },
          [=](const engine_options& o) { return config::format_bytes(member(o)); }};
}

// The same for a text.
engine_flag text_flag(const char* name, const char* type, const char* help,
                      std::string engine_options::*member) {
  return {name, type, help,
          [=](flag_reader& r, const char* flag, const flag_text& text, engine_options& o) {
            r.text(flag, text, o.*member);
          },
          [=](const engine_options& o) { return o.*member; }};
}

// Events of an engine that a node starts: on free ports, so that engines never collide.
std::string kv_events_of(const config::kv_events_spec& events) {
  if (events.publisher == config::kv_publisher::none) return {};
  constexpr const char* any_port = "tcp://127.0.0.1:0";
  nlohmann::ordered_json json{{"enable_kv_cache_events", true},
                              {"publisher", "zmq"},
                              {"endpoint", any_port},
                              {"topic", events.topic}};
  if (events.replay_steps > 0) {
    json["replay_endpoint"] = any_port;
    json["buffer_steps"] = events.replay_steps;
  }
  return json.dump();
}

void add_where_flags(std::vector<engine_flag>& flags) {
  flags.push_back(text_flag("--model", "PATH",
                            "The model, a GGUF file; required without --model-time",
                            &engine_options::model_path));
  flags.push_back(text_flag("--model-time", "FILE",
                            "Time profile: model the engine instead of computing; --model is then "
                            "read for its tokenizer only, if given",
                            &engine_options::model_time));
  flags.push_back(
      text_flag("--served-model-name", "NAME",
                "Its name in the API [the file's name without suffix, or the profile's]",
                &engine_options::served_model));
  flags.push_back({"--host", "ADDRESS", "Address to listen on [127.0.0.1]",
                   [](flag_reader& r, const char* flag, const flag_text& text, engine_options& o) {
                     r.address(flag, text, o.host);
                   },
                   [](const engine_options& o) { return o.host; }});
  flags.push_back(count_flag(
      "--port", "Port to listen on; 0 is any free one [0]", {0, 65'535},
      [](auto& o) -> auto& { return o.port; }));
  flags.push_back(
      {"--drain-timeout", "DURATION", "How long SIGTERM waits for requests under way [30s]",
       [](flag_reader& r, const char* flag, const flag_text& text, engine_options& o) {
         r.duration(flag, text, o.drain_timeout);
       },
       [](const engine_options& o) { return config::format_duration(o.drain_timeout); }});
}

void add_bound_flags(std::vector<engine_flag>& flags) {
  flags.push_back(count_flag(
      "--threads", "Threads of the computation [1]", {1, 256},
      [](auto& o) -> auto& { return o.threads; }));
  flags.push_back(bytes_flag(
      "--kv-bytes", "Memory for keys and values [512MiB]", {mib, mib * mib},
      [](auto& o) -> auto& { return o.kv_bytes; }));
  flags.push_back(count_flag(
      "--kv-tokens", "Tokens of KV a modelled engine holds; 0 is the profile's number [0]",
      {0, 1'000'000'000}, [](auto& o) -> auto& { return o.kv_tokens; }));
  flags.push_back(count_flag(
      "--max-model-len", "Longest sequence in tokens; 0 is the model's own limit [0]",
      {0, 16'777'216}, [](auto& o) -> auto& { return o.context_tokens_max; }));
  flags.push_back(count_flag(
      "--max-num-batched-tokens", "Tokens computed in one step [512]", {1, 1'000'000},
      [](auto& o) -> auto& { return o.limits.step_tokens_max; }));
  flags.push_back(count_flag(
      "--max-num-seqs", "Requests computed in one step [64]", {1, 4'096},
      [](auto& o) -> auto& { return o.limits.running_requests_max; }));
  flags.push_back(count_flag(
      "--max-queued-requests", "Requests that wait; then 503 [1024]", {1, 1'000'000},
      [](auto& o) -> auto& { return o.limits.queued_requests_max; }));
  flags.push_back(count_flag(
      "--max-stop-strings", "Stop strings of one request [16]", {0, 1'024},
      [](auto& o) -> auto& { return o.limits.stop_strings_max; }));
  flags.push_back(bytes_flag(
      "--max-stop-string-bytes", "Length of one stop string [256B]", {1, 64 * kib},
      [](auto& o) -> auto& { return o.limits.stop_string_bytes_max; }));
  flags.push_back(bytes_flag(
      "--max-body-bytes", "Largest request body; beyond it 413 [32MiB]", {kib, 4 * kib * mib},
      [](auto& o) -> auto& { return o.http.body_bytes_max; }));
  flags.push_back(text_flag("--kv-events-config", "JSON",
                            "Publish KV events over ZeroMQ, in vLLM's terms [none]",
                            &engine_options::kv_events));
}

void add_log_flags(std::vector<engine_flag>& flags) {
  flags.push_back({"--log-level", "LEVEL", "trace, debug, info, warn or error [info]",
                   [](flag_reader& r, const char* flag, const flag_text& text, engine_options& o) {
                     const config::name_list& levels = config::log_level_names();
                     if (const auto i = r.read_word(flag, text, levels)) o.log.level = levels[*i];
                   },
                   [](const engine_options& o) { return o.log.level; }});
  flags.push_back({"--log-format", "FORMAT", "text or json [text]",
                   [](flag_reader& r, const char* flag, const flag_text& text, engine_options& o) {
                     r.choice(flag, text, config::log_format_names(), o.log.format);
                   },
                   [](const engine_options& o) { return std::string{to_string(o.log.format)}; }});
}

const std::vector<engine_flag>& all_flags() {
  static const std::vector<engine_flag> flags = [] {
    std::vector<engine_flag> all;
    add_where_flags(all);
    add_bound_flags(all);
    add_log_flags(all);
    return all;
  }();
  return flags;
}

}  // namespace

CLI::App* add_engine(CLI::App& app, engine_flags& flags) {
  CLI::App* engine = app.add_subcommand("engine", "Run one embedded CPU engine");
  flags.texts.resize(all_flags().size());
  for (std::size_t i = 0; i < all_flags().size(); ++i) {
    const engine_flag& flag = all_flags()[i];
    engine->add_option(flag.name, flags.texts[i], flag.help)->type_name(flag.type);
  }
  engine->footer(examples);
  return engine;
}

caf::expected<engine::engine_options> engine_options_of(const engine_flags& flags) {
  engine_options options;
  flag_reader read;
  for (std::size_t i = 0; i < all_flags().size(); ++i) {
    const engine_flag& flag = all_flags()[i];
    flag.read(read, flag.name, flags.texts.at(i), options);
  }
  if (options.model_path.empty() && options.model_time.empty()) {
    read.fail("an engine needs a model: add --model PATH (troupe make-tiny-model PATH makes one)");
  }
  if (options.kv_tokens > 0 && options.model_time.empty()) {
    read.fail("--kv-tokens is for modelled engines (--model-time); a real one has --kv-bytes");
  }
  if (caf::error error = read.error()) return error;
  return options;
}

engine::engine_options engine_options_of(const config::node_spec& node,
                                         const config::engine_spec& group) {
  engine_options options;
  options.model_path = group.model;
  options.model_time = group.model_time;
  options.kv_tokens = group.kv_tokens;
  options.served_model = group.served_model;
  options.threads = group.threads;
  options.kv_bytes = group.kv_bytes;
  options.context_tokens_max = group.context_tokens_max;
  options.limits = group.limits;
  options.kv_events = kv_events_of(group.kv_events);
  if (!node.member.address.empty()) options.host = node.member.address;  // for other nodes' routers
  options.http.body_bytes_max = node.endpoint.limits.body_bytes_max;
  options.log = node.log;
  return options;
}

std::vector<std::string> engine_arguments(const engine::engine_options& options) {
  std::vector<std::string> arguments{"engine"};
  for (const engine_flag& flag : all_flags()) {
    const std::string text = flag.write(options);
    if (!text.empty()) arguments.push_back(std::string{flag.name} + "=" + text);
  }
  return arguments;
}

}  // namespace troupe::apps
