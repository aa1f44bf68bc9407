// The bounds of limits.hpp, as fields of the configuration file.
#include "config/topology_fields.hpp"

namespace troupe::config {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr duration_range any_timeout{1ms, 24h};

void describe_sizes(field_visitor& v, http_limits& limits) {
  v.bytes({"header", "Largest request line and header fields; beyond it the answer is 431."},
          {kib, mib}, limits.header_bytes_max);
  v.bytes({"target", "Longest path and query of a request; beyond it the answer is 414."},
          {64, mib}, limits.target_bytes_max);
  v.count({"fields", "Header fields and trailers of a request; beyond them the answer is 431."},
          {4, 10'000}, limits.fields_max);
  v.bytes({"body", "Largest request body; beyond it the answer is 413."}, {kib, 4 * gib},
          limits.body_bytes_max);
  v.count({"connections", "Client connections of one I/O thread; further ones are closed."},
          {1, 1'000'000}, limits.connections_max);
  v.count({"client_connections",
           "The same, of one client address (of IPv6, of one /64 network). As it is, a proxy "
           "before Troupe may hold them all; lower it where clients connect themselves."},
          {1, 1'000'000}, limits.client_connections_max);
  v.count(
      {"handshakes", "TLS handshakes under way on one I/O thread; further connections are closed."},
      {1, 100'000}, limits.handshakes_max);
  v.bytes({"queued",
           "Bytes of an answer held for a client that reads slower than the engine "
           "writes; beyond it the engine is not read until the client caught up."},
          {4 * kib, gib}, limits.queued_bytes_max);
}

void describe_times(field_visitor& v, http_limits& limits) {
  v.duration({"handshake_timeout", "Longest TLS handshake; then the connection is closed."},
             any_timeout, limits.handshake_timeout);
  v.duration({"header_timeout",
              "From the first byte of a request to the end of its header; then "
              "the answer is 408."},
             any_timeout, limits.header_timeout);
  v.duration({"body_timeout", "Longest pause within a request body; then the answer is 408."},
             any_timeout, limits.body_timeout);
  v.duration({"receive_timeout",
              "From the first byte of a request to the last of its body, however steadily they "
              "come; then the answer is 408."},
             any_timeout, limits.receive_timeout);
  v.duration({"answer_timeout",
              "From a whole request to the end of its answer; then the answer is 504, or its "
              "stream ends with an error event."},
             any_timeout, limits.answer_timeout);
  v.duration({"idle_timeout", "How long a connection without a request is kept."}, any_timeout,
             limits.idle_timeout);
  v.duration({"write_timeout",
              "Longest time without progress while writing an answer; then the "
              "connection is closed."},
             any_timeout, limits.write_timeout);
  v.duration({"drain_timeout",
              "Longest time until a client has read all that is queued for it, however steadily "
              "it reads; then the connection is closed."},
             any_timeout, limits.drain_timeout);
  v.duration(
      {"stop_timeout",
       "When the node is told to stop: how long answers under way may go on; then they end "
       "with an error. In a cluster, how long it waits before that for others to take over."},
      any_timeout, limits.stop_timeout);
}

}  // namespace

void describe(field_visitor& v, http_limits& limits) {
  describe_sizes(v, limits);
  describe_times(v, limits);
}

void describe(field_visitor& v, client_limits& limits) {
  v.bytes({"header", "Largest header an engine may answer with."}, {kib, mib},
          limits.header_bytes_max);
  v.count({"pooled_connections", "Idle connections kept open to one engine."}, {0, 100'000},
          limits.pooled_connections_max);
  v.duration({"connect_timeout",
              "Longest time to connect; then the request goes to another "
              "engine."},
             any_timeout, limits.connect_timeout);
  v.duration({"idle_timeout",
              "Longest pause within an engine's answer; then the engine counts as "
              "hung. It must exceed the longest prefill."},
             any_timeout, limits.idle_timeout);
  v.duration({"pooled_timeout", "How long an idle connection to an engine is kept."}, any_timeout,
             limits.pooled_timeout);
}

void describe(field_visitor& v, router_limits& limits) {
  v.count({"index_blocks",
           "Chunks of prompts the prefix index remembers, over all engines; the "
           "oldest are forgotten first."},
          {1, 1'000'000'000}, limits.index_blocks_max);
  v.bytes({"prompt",
           "Longest prompt text that is hashed for routing; of a longer one the start "
           "is."},
          {kib, 4 * gib}, limits.prompt_bytes_max);
  v.duration({"route_timeout", "Longest wait for an engine; then the answer is 503."}, any_timeout,
             limits.route_timeout);
  v.count({"attempts", "Engines tried for one request before its first byte."}, {1, 100},
          limits.attempts_max);
}

void describe(field_visitor& v, admission_limits& limits) {
  v.count({"queue",
           "Requests that may wait in the router; further ones get 429. 0: none waits, engines are "
           "given all that comes."},
          {0, 1'000'000}, limits.requests_max);
  v.bytes({"bytes", "Bodies of the requests that wait, in all; beyond it the answer is 429."},
          {mib, 64 * gib}, limits.bytes_max);
  v.duration({"queue_timeout", "Longest wait for an engine with room; then the answer is 429."},
             any_timeout, limits.queue_timeout);
  v.count({"prefill_tokens",
           "Tokens of prompts given to an engine and not yet computed, by the router's estimate, "
           "beyond which it gets no more: about two of its steps. 0: no bound."},
          {0, 100'000'000}, limits.prefill_tokens_max);
}

void describe(field_visitor& v, stream_limits& limits) {
  v.bytes({"event",
           "Largest event of an engine's stream; beyond it the stream ends with an "
           "error."},
          {kib, gib}, limits.event_bytes_max);
  v.count({"json_depth",
           "How deep lists and maps nest in a request's body; beyond it the answer "
           "is 400."},
          {8, 1'024}, limits.json_depth_max);
}

void describe(field_visitor& v, engine_limits& limits) {
  v.count({"queued_requests", "Requests that wait in an engine; further ones get 503."},
          {1, 1'000'000}, limits.queued_requests_max);
  v.count({"running_requests", "Requests computed in one step."}, {1, 4'096},
          limits.running_requests_max);
  v.count({"step_tokens", "Tokens computed in one step, over all requests."}, {1, 1'000'000},
          limits.step_tokens_max);
  v.count({"stop_strings", "Stop strings of one request."}, {0, 1'024}, limits.stop_strings_max);
  v.bytes({"stop_string", "Length of one stop string."}, {1, 64 * kib},
          limits.stop_string_bytes_max);
}

}  // namespace troupe::config
