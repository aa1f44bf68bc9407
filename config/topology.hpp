// What a topology file says: nodes, the actors each runs, and how they are supervised.
//
// Read by read_topology (config/topology_reader.hpp), which reports every mistake with file, line
// and column. config/topology.schema.json is the same in JSON Schema.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/cluster.hpp"
#include "config/limits.hpp"

namespace troupe::config {

enum class routing_policy { round_robin, least_loaded, prefix, session };
enum class engine_kind { embedded, openai };  // openai: any server that speaks the OpenAI HTTP API

// The certificate and key of an endpoint; no certificate: plain HTTP.
struct tls_spec {
  std::string certificate;  // PEM file: the certificate and those between it and the authority
  std::string key;          // PEM file
  std::string client_ca;    // PEM file of who signs clients' certificates; empty: they show none

  friend bool operator==(const tls_spec&, const tls_spec&) = default;
};

// Who may use an endpoint, and how much.
struct api_key_spec {
  std::string name;
  std::string sha256;                // of the key, in hexadecimal; the key itself is nowhere
  std::vector<std::string> models;   // empty: all
  std::uint32_t requests_per_s = 0;  // 0: no limit
  std::uint64_t tokens_per_min = 0;  // 0: no limit

  friend bool operator==(const api_key_spec&, const api_key_spec&) = default;
};

enum class kv_publisher { none, zmq };  // as vLLM's `publisher`

// Whether an embedded engine tells what its prefix cache holds.
struct kv_events_spec {
  kv_publisher publisher = kv_publisher::none;
  std::string topic;
  std::uint32_t replay_steps = 10'000;  // messages kept for whoever missed them; 0: no replay

  friend bool operator==(const kv_events_spec&, const kv_events_spec&) = default;
};

// One group of equal engines and the proxies before them.
struct engine_spec {
  std::string name;  // engines are called name-0, name-1, …; or name, where count is 1
  engine_kind kind = engine_kind::embedded;
  std::uint32_t count = 1;
  std::uint32_t weight = 1;        // share of the requests, beside the weights of the others
  std::uint32_t requests_max = 0;  // at once at each of them; 0: no bound

  // kind: openai
  std::string url;      // http://host:port or https://host:port, without a path
  std::string api_key;  // shown to the engine; a secret; empty: none
  std::string ca;       // PEM file of the authorities believed of https; empty: the system's
  std::chrono::milliseconds probe_interval{1'000};

  // kind: embedded
  std::string model;         // path of a GGUF file; empty: given by the command line
  std::string model_time;    // path of a time profile: modelled engines; empty: real ones
  std::string served_model;  // name in the API; empty: the file's own name
  std::uint32_t threads = 1;
  std::uint64_t kv_bytes = 512ULL * 1024 * 1024;
  std::uint64_t kv_tokens = 0;           // of a modelled engine; 0: the profile's
  std::uint32_t context_tokens_max = 0;  // 0: the model's
  engine_limits limits;
  kv_events_spec kv_events;

  friend bool operator==(const engine_spec&, const engine_spec&) = default;
};

struct endpoint_spec {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;
  std::uint32_t threads = 1;
  tls_spec tls;
  std::vector<api_key_spec> api_keys;  // none: everybody may use the endpoint
  http_limits limits;

  friend bool operator==(const endpoint_spec&, const endpoint_spec&) = default;
};

// Where policy `session` finds the key of a session, and how far it may fill an engine.
struct session_spec {
  std::string header = "x-session-id";  // looked at first
  std::string field = "user";           // of the body, a string
  std::uint32_t balance = 125;          // percent of the mean load one engine may carry

  friend bool operator==(const session_spec&, const session_spec&) = default;
};

// What is said of one model.
struct model_spec {
  std::string name;                        // as engines serve it
  std::optional<routing_policy> policy{};  // nothing: the router's
  std::vector<std::string> aliases{};      // further names clients may use

  friend bool operator==(const model_spec&, const model_spec&) = default;
};

struct router_spec {
  routing_policy policy = routing_policy::prefix;
  session_spec session{};
  std::vector<model_spec> models{};
  admission_limits admission{};
  router_limits limits;

  friend bool operator==(const router_spec&, const router_spec&) = default;
};

enum class restart_strategy { one_for_one, one_for_all, rest_for_one };

struct supervisor_spec {
  restart_strategy strategy = restart_strategy::one_for_one;
  std::uint32_t restarts_max = 10;  // more within the period: the supervisor gives up
  std::chrono::milliseconds period{60'000};
  std::chrono::milliseconds backoff_min{100};  // doubled at each restart, with jitter
  std::chrono::milliseconds backoff_max{10'000};

  friend bool operator==(const supervisor_spec&, const supervisor_spec&) = default;
};

enum class log_format { text, json };

struct log_spec {
  std::string level = "info";  // trace, debug, info, warn, error
  log_format format = log_format::text;

  friend bool operator==(const log_spec&, const log_spec&) = default;
};

// The API for operators, on a listener of its own.
struct admin_spec {
  std::string address;  // empty: there is none
  std::uint16_t port = 0;
  std::string token;  // of `Authorization: Bearer`; empty: none asked
  std::chrono::milliseconds drain_timeout{600'000};  // then a drained engine is removed anyway

  friend bool operator==(const admin_spec&, const admin_spec&) = default;
};

struct node_spec {
  std::string name = "local";
  member_spec member;
  endpoint_spec endpoint;
  admin_spec admin;
  bool has_router = true;  // false: it serves no endpoint; only in a cluster
  router_spec router;
  std::vector<engine_spec> engines;
  supervisor_spec supervisor;
  log_spec log;
  client_limits client;
  stream_limits stream;
};

// A group of engines that run on whichever nodes live; `count` is of the whole cluster.
struct placed_spec {
  engine_spec engine;
  place_spec place;

  friend bool operator==(const placed_spec&, const placed_spec&) = default;
};

struct topology {
  std::optional<cluster_spec> cluster;  // none: the nodes know nothing of each other
  std::vector<placed_spec> placed;      // none without a cluster
  std::vector<node_spec> nodes;
};

}  // namespace troupe::config
