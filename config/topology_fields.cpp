#include "config/topology_fields.hpp"

#include <algorithm>
#include <string>

#include "config/topology_names.hpp"
#include "config/units.hpp"

namespace troupe::config {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint64_t tib = mib * mib;

// Visits one limits struct as the section `limits`.
template <class Limits>
void limits_section(field_visitor& v, std::string_view help, Limits& limits) {
  v.section({"limits", help}, [&] { describe(v, limits); });
}

void describe_kv_events(field_visitor& v, kv_events_spec& events) {
  v.choice({"publisher",
            "`zmq`: each engine publishes its KV events over ZeroMQ on free loopback ports of its "
            "own, which its `/kv_event_sources` and its log name; `none`: nobody is told."},
           kv_publisher_names(), events.publisher);
  v.text({"topic", "First frame of each message."}, text_form::any, events.topic);
  v.count({"replay", "Messages kept for consumers that missed some; 0: no replay."}, {0, 1'000'000},
          events.replay_steps);
}

void describe_embedded(field_visitor& v, engine_spec& engine) {
  v.count({"count",
           "How many equal engines, each a process of its own; they are called name-0, "
           "name-1 and so on, or just name where there is one."},
          {1, 64}, engine.count);
  v.text({"model",
          "GGUF file of the model, relative to this file's folder; empty: given by "
          "`troupe up --model`."},
         text_form::path, engine.model);
  v.text(
      {"model_time",
       "Time profile, such as `config/profiles/h100-llama-8b.yaml`: the engines compute nothing, "
       "their tokens are hashes and their times the profile's; `model` is then read for its "
       "tokenizer only, and may be left out."},
      text_form::path, engine.model_time);
  v.text({"served_model",
          "The model's name in the API; empty: the name of the model file without "
          "its suffix."},
         text_form::any, engine.served_model);
  v.count({"threads", "Threads of each engine's computation."}, {1, 256}, engine.threads);
  v.bytes({"kv", "Memory of each engine for keys and values, the cached prefixes included."},
          {mib, tib}, engine.kv_bytes);
  v.count(
      {"kv_tokens", "With `model_time`: tokens of KV each engine holds; 0: the profile's number."},
      {0, 1'000'000'000}, engine.kv_tokens);
  v.rule({"kv_tokens", "model_time"}, [&]() -> std::string {
    if (engine.kv_tokens == 0 || !engine.model_time.empty()) return "";
    return "it is for modelled engines; add `model_time`, or set `kv`";
  });
  v.count({"context",
           "Longest sequence in tokens, prompt and answer together; 0: the model's own "
           "limit."},
          {0, 16'777'216}, engine.context_tokens_max);
  limits_section(v, "What each engine takes on at once.", engine.limits);
  v.section({"kv_events", "How engines tell what enters and leaves their prefix cache."},
            [&] { describe_kv_events(v, engine.kv_events); });
}

void describe_openai(field_visitor& v, engine_spec& engine) {
  v.text({"url", "Where the engine listens: http://HOST:PORT or https://HOST:PORT, without a path.",
          true},
         text_form::url, engine.url);
  v.text({"api_key",
          "Shown to the engine, and to it alone, as `Authorization: Bearer KEY`; empty: nothing "
          "is. Write it as a variable, such as ${VLLM_API_KEY}."},
         text_form::secret, engine.api_key);
  v.text({"ca",
          "PEM file of the authorities that may have signed the certificate of an https engine; "
          "empty: those of the system. The certificate must be for the URL's HOST."},
         text_form::path, engine.ca);
  v.rule({"ca", "url"}, [&]() -> std::string {
    if (engine.ca.empty() || engine.url.starts_with("https://")) return "";
    return "it is for https; the engine's URL is plain http";
  });
  v.duration({"probe_interval", "Time between two checks of the engine's health and models."},
             {10ms, 1h}, engine.probe_interval);
  if (engine.url.ends_with('/')) engine.url.pop_back();
}

void describe(field_visitor& v, tls_spec& tls) {
  v.text({"certificate",
          "PEM file of the endpoint's certificate, followed by those between it and its authority; "
          "empty: plain HTTP."},
         text_form::path, tls.certificate);
  v.text({"key", "PEM file of the certificate's key."}, text_form::path, tls.key);
  v.text({"client_ca",
          "PEM file of the authority that must have signed the certificate of each client; empty: "
          "clients need none."},
         text_form::path, tls.client_ca);
  v.rule({"certificate", "key", "client_ca"}, [&]() -> std::string {
    if (tls.certificate.empty() == tls.key.empty() &&
        (tls.client_ca.empty() || !tls.certificate.empty())) {
      return "";
    }
    return "TLS needs both `certificate` and `key`";
  });
}

void describe(field_visitor& v, api_key_spec& key) {
  v.text({"sha256", "SHA-256 of the key in hexadecimal, as `troupe key new NAME` prints it.", true},
         text_form::sha256, key.sha256);
  v.texts({"models", "The models the key may use; empty: all."}, text_form::model, key.models);
  v.count({"requests_per_s",
           "Requests a second, up to one second's worth at once; beyond it the answer is 429. "
           "0: no limit."},
          {0, 1'000'000}, key.requests_per_s);
  v.count({"tokens_per_min",
           "Tokens a minute, of prompts and answers together, up to one minute's worth at once; "
           "beyond it the answer is 429. 0: no limit."},
          {0, 1'000'000'000'000}, key.tokens_per_min);
}

}  // namespace

std::vector<std::string> engine_names(const engine_spec& group) {
  if (group.count == 1) return {group.name};
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < group.count; ++i) {
    names.push_back(group.name + "-" + std::to_string(i));
  }
  return names;
}

void describe(field_visitor& v, endpoint_spec& endpoint) {
  std::string listen = format_listen({endpoint.address, endpoint.port});
  v.text({"listen",
          "Address and port of the HTTP endpoint; 0.0.0.0 is every interface, port 0 any "
          "free port."},
         text_form::listen, listen);
  if (auto parsed = parse_listen(listen)) {
    endpoint.address = std::move(parsed->address);
    endpoint.port = parsed->port;
  }
  v.count({"threads", "I/O threads; each accepts connections and forwards streams."}, {1, 256},
          endpoint.threads);
  v.section({"tls", "Serves HTTPS instead of HTTP."}, [&] { describe(v, endpoint.tls); });
  v.named({"api_keys",
           "Who may use the endpoint: each has a name, for logs and metrics, and a key. None: "
           "everybody may."},
          text_form::name, [&](const std::string& name, field_visitor& inner) {
            api_key_spec key;
            key.name = name;
            describe(inner, key);
            endpoint.api_keys.push_back(std::move(key));
          });
  limits_section(v, "What the endpoint accepts from clients.", endpoint.limits);
}

void describe(field_visitor& v, admin_spec& admin) {
  std::string listen;
  v.text({"listen",
          "Address and port of the admin API; empty: there is none. Beyond this machine it needs a "
          "`token`."},
         text_form::listen, listen);
  if (auto parsed = parse_listen(listen)) {
    admin.address = std::move(parsed->address);
    admin.port = parsed->port;
  }
  v.text({"token",
          "What callers must send as `Authorization: Bearer TOKEN`; write ${NAME} and keep it in "
          "the environment. Empty: whoever reaches the address may call."},
         text_form::secret, admin.token);
  v.rule({"listen", "token"}, [&]() -> std::string {
    if (admin.address.empty() || !admin.token.empty() || is_loopback(admin.address)) return "";
    return admin.address +
           " can be reached from other machines; set `token`, or listen on "
           "127.0.0.1";
  });
  v.duration(
      {"drain_timeout",
       "How long an engine that is to be removed may finish its requests; then it is removed "
       "all the same."},
      {0ms, 24h}, admin.drain_timeout);
}

void describe(field_visitor& v, supervisor_spec& supervisor) {
  constexpr duration_range any_period{1ms, 24h};
  v.choice({"strategy",
            "What is restarted when one child ends: `one_for_one`, that child; "
            "`one_for_all`, all; `rest_for_one`, it and those started after it."},
           restart_strategy_names(), supervisor.strategy);
  v.count({"restarts_max", "Restarts within the period after which the supervisor gives up."},
          {0, 1'000'000}, supervisor.restarts_max);
  v.duration({"period", "The time over which restarts are counted."}, any_period,
             supervisor.period);
  v.section({"backoff", "The wait before a restart; it doubles each time, with jitter."}, [&] {
    v.duration({"min", "The first wait."}, any_period, supervisor.backoff_min);
    v.duration({"max", "The longest wait."}, any_period, supervisor.backoff_max);
    v.rule({"max", "min"}, [&]() -> std::string {
      if (supervisor.backoff_min <= supervisor.backoff_max) return "";
      return "the longest wait, " + format_duration(supervisor.backoff_max) +
             ", is shorter than the first, " + format_duration(supervisor.backoff_min);
    });
  });
}

void describe(field_visitor& v, log_spec& log) {
  const name_list& levels = log_level_names();
  auto index =
      static_cast<std::size_t>(std::find(levels.begin(), levels.end(), log.level) - levels.begin());
  v.word({"level", "The least important lines that are written."}, levels, index);
  if (index < levels.size()) log.level = levels[index];
  v.choice({"format", "`text` for people, `json` for machines: one object a line."},
           log_format_names(), log.format);
}

void describe(field_visitor& v, engine_spec& engine) {
  v.text({"name", "What logs and metrics call the engine; unique within the node.", true},
         text_form::name, engine.name);
  v.choice({"kind",
            "`embedded`: a CPU engine that the node starts itself; `openai`: a server that "
            "already runs and speaks the OpenAI HTTP API, such as vLLM."},
           engine_kind_names(), engine.kind);
  v.count({"weight",
           "Share of the requests each of these engines gets, beside the weights of the others."},
          {1, 1'000}, engine.weight);
  v.count({"requests",
           "Requests each of these engines is given at once; further ones wait in the router. 0: "
           "no bound of this kind. For vLLM its `--max-num-seqs` or a little more."},
          {0, 1'000'000}, engine.requests_max);
  v.only_where("kind", "embedded", engine.kind == engine_kind::embedded,
               [&] { describe_embedded(v, engine); });
  v.only_where("kind", "openai", engine.kind == engine_kind::openai,
               [&] { describe_openai(v, engine); });
}

}  // namespace troupe::config
