// The small values that routing speaks in: handles, what a request asks for, what was decided.
//
// Thread: plain values, any. Units: tokens, bytes and chunks never mix; seconds end in `_s`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/router/model_names.hpp"

namespace troupe::actors {

// Names one engine within one router, for as long as it is added; never reused for another.
enum class engine_id : std::uint32_t {};

// Names one assignment of a request to an engine; grows from 1, never reused.
enum class lease_id : std::uint64_t {};

// H_i of the chunk chain: stands for the first i chunks of one prompt in one namespace.
using chunk_hash = std::uint64_t;

// Bytes of the canonical prompt stream per chunk, about one 16-token block.
inline constexpr std::size_t chunk_bytes = 64;

enum class engine_state : std::uint8_t {
  up,        // takes requests
  draining,  // takes no new ones, finishes what it has
  down,      // takes none; its leases end by themselves or by engine_failed
};

// What the configuration says of an engine to those who give it requests.
struct engine_settings {
  std::uint32_t weight = 1;        // its share of the requests, beside those of the others
  std::uint32_t requests_max = 0;  // at once; 0: no bound
  bool draining = false;           // takes no new requests, finishes what it has
  bool node_leaves = false;        // it goes with its node, which stops in order
};

// Of engines on the router's own node.
inline constexpr std::uint64_t home_node = 0;

struct engine_config {
  std::string name;                 // for logs and metrics
  std::vector<std::string> models;  // names it answers to
  engine_state state = engine_state::up;
  std::uint64_t kv_tokens_max = 0;  // capacity of its prefix cache; 0: not known
  engine_settings settings{};
  std::uint64_t node = home_node;  // the same for all engines of a node
};

// What a scrape of the engine said; counts requests of every router, ours included.
struct engine_load {
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
};

// What routing needs to know of a request body, read by prompt_reader.
struct prompt_facts {
  std::string model;
  std::vector<chunk_hash> chain;    // of the full chunks; empty where hashing is off
  std::uint64_t prompt_bytes = 0;   // length of the canonical stream
  std::uint32_t prompt_tokens = 0;  // known only where the prompt came as token ids, else 0
  std::uint32_t max_tokens = 0;     // 0: not said
  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage
  std::string cache_salt;
  std::string session;        // key for policy `session`; empty: none
  std::string client{};       // the name of its API key; empty: none was asked for
  std::string alias{};        // what the client called the model, where that is not its name
  body_place model_at{};      // where the body says it, with its quotes
  body_place longest_text{};  // the longest literal of the prompt, without its quotes
  std::int32_t priority = 0;  // lower goes first, as vLLM has it
  std::size_t body_bytes = 0;
};

enum class route_reason : std::uint8_t {
  only_candidate,    // no other engine could take it
  rotation,          // round_robin, or a tie
  least_loaded,      // fewest requests
  prefix,            // least cost, and some of the prompt is expected in its cache
  least_cost,        // least cost, with nothing expected in its cache
  session,           // the home of its session
  session_overflow,  // beside the home of its session, which has more than its share
};

inline constexpr std::size_t route_reasons = 7;

// What another node says it was is one of these.
constexpr route_reason last_value(route_reason) {
  return route_reason::session_overflow;
}

// Where a request goes, and what was expected of it.
struct decision {
  engine_id engine{};
  lease_id lease{};
  std::uint32_t prompt_tokens = 0;   // estimated, or known from token ids
  std::uint32_t cached_tokens = 0;   // of these, expected in the engine's cache
  std::uint32_t matched_chunks = 0;  // of the chain
  route_reason reason = route_reason::rotation;
};

// One line of the explanation of a decision.
struct engine_cost {
  engine_id engine{};
  std::uint32_t slot = 0;  // its number within the router
  std::uint32_t weight = 1;
  std::uint64_t name_hash = 0;  // under which it draws for sessions
  std::uint32_t cached_tokens = 0;
  std::uint32_t load = 0;  // running + waiting
  double own_s = 0;        // P(h, n-h): prefill of what is not cached
  double waiting_s = 0;    // W: own-time assigned before it and not yet answered
  double displaced_s = 0;  // prefill of what it would push out of the engine's full cache
  double cost_s = 0;       // what was compared
};

// `usage` of an answer; zeros where the engine sent none.
struct usage_counts {
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t completion_tokens = 0;
  bool cached_known = false;  // the answer had prompt_tokens_details.cached_tokens
};

enum class lease_outcome : std::uint8_t {
  completed,
  cancelled,  // the client left
  failed,     // the engine did not answer, or broke off
  refused,    // the engine is full for now and did nothing of it
};

constexpr lease_outcome last_value(lease_outcome) {
  return lease_outcome::refused;
}

// Predicted against actual, for the self-proof metric.
struct prediction {
  engine_id engine{};
  std::uint32_t prompt_tokens = 0;
  std::uint32_t predicted_cached_tokens = 0;
  std::uint32_t actual_cached_tokens = 0;
};

// Returns the reason's name, as metrics and logs spell it.
constexpr const char* to_string(route_reason reason) {
  switch (reason) {
    case route_reason::only_candidate:
      return "only_candidate";
    case route_reason::rotation:
      return "rotation";
    case route_reason::least_loaded:
      return "least_loaded";
    case route_reason::prefix:
      return "prefix";
    case route_reason::least_cost:
      return "least_cost";
    case route_reason::session:
      return "session";
    case route_reason::session_overflow:
      return "session_overflow";
  }
  return "unknown";
}

}  // namespace troupe::actors
