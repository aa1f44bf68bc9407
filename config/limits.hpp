// Every bound of the system in one place, with its unit and its default.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe::config {

// What the HTTP server accepts from a client.
struct http_limits {
  std::size_t header_bytes_max = 32 * 1024;             // request line and fields; else 431
  std::size_t target_bytes_max = 8 * 1024;              // path and query; else 414
  std::size_t fields_max = 100;                         // header fields and trailers; else 431
  std::size_t body_bytes_max = 32 * 1024 * 1024;        // else 413
  std::size_t connections_max = 20'000;                 // per I/O thread; further ones are closed
  std::size_t handshakes_max = 512;                     // of TLS under way, per I/O thread
  std::size_t client_connections_max = 20'000;          // the same, of one client address
  std::size_t queued_bytes_max = 4 * 1024 * 1024;       // of an answer a slow client does not read
  std::chrono::milliseconds handshake_timeout{10'000};  // of TLS
  std::chrono::milliseconds stop_timeout{30'000};       // for answers under way when the node stops
  std::chrono::milliseconds header_timeout{10'000};     // first byte to end of header; else 408
  std::chrono::milliseconds body_timeout{60'000};       // between two reads of a body; else 408
  std::chrono::milliseconds receive_timeout{300'000};   // first byte to end of body; else 408
  std::chrono::milliseconds answer_timeout{3'600'000};  // whole request to end of answer; else 504
  std::chrono::milliseconds idle_timeout{75'000};       // keep-alive without a request
  std::chrono::milliseconds write_timeout{60'000};      // without progress on a write
  std::chrono::milliseconds drain_timeout{
      300'000};  // until a client has read what is queued for it

  friend bool operator==(const http_limits&, const http_limits&) = default;
};

// How the HTTP client treats an upstream.
struct client_limits {
  std::size_t header_bytes_max = 64 * 1024;
  std::size_t pooled_connections_max = 256;  // idle ones kept per endpoint
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds idle_timeout{300'000};   // without a byte of the answer
  std::chrono::milliseconds pooled_timeout{30'000};  // an idle connection is closed after it

  friend bool operator==(const client_limits&, const client_limits&) = default;
};

// What the router keeps and how long it waits.
struct router_limits {
  std::size_t index_blocks_max = 4'000'000;  // chunks of prompt remembered, over all engines
  std::size_t prompt_bytes_max = 32 * 1024 * 1024;
  std::chrono::milliseconds route_timeout{5'000};  // until a lease; else 503
  std::size_t attempts_max = 3;                    // engines tried before the first byte

  friend bool operator==(const router_limits&, const router_limits&) = default;
};

// What may wait in the router while every engine that could take it has enough to do.
struct admission_limits {
  std::size_t requests_max = 10'000;                // waiting; 0: none waits. Further ones get 429
  std::size_t bytes_max = 512 * 1024 * 1024;        // of their bodies
  std::chrono::milliseconds queue_timeout{30'000};  // longest wait; then 429
  std::size_t prefill_tokens_max = 16'384;          // of prompts waiting at an engine; 0: no bound

  friend bool operator==(const admission_limits&, const admission_limits&) = default;
};

// What a stream actor keeps for one request.
struct stream_limits {
  std::size_t event_bytes_max = 4 * 1024 * 1024;  // one SSE event of an engine
  std::size_t json_depth_max = 64;                // of a request's body; else 400

  friend bool operator==(const stream_limits&, const stream_limits&) = default;
};

// What the embedded engine takes on.
struct engine_limits {
  std::size_t queued_requests_max = 1'024;  // waiting; else 503
  std::size_t running_requests_max = 64;    // in one step
  std::size_t step_tokens_max = 512;        // token budget of one step
  std::size_t stop_strings_max = 16;
  std::size_t stop_string_bytes_max = 256;

  friend bool operator==(const engine_limits&, const engine_limits&) = default;
};

}  // namespace troupe::config
