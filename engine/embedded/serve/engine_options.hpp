// What `troupe engine` is told to do: model, address, memory and bounds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "config/limits.hpp"
#include "config/topology.hpp"

namespace troupe::engine {

struct engine_options {
  std::string model_path;          // a GGUF file; modelled: for its tokenizer, empty: built in
  std::string model_time;          // time profile of a modelled engine; empty: a real one
  std::string served_model;        // name in the API; empty: the file's name without its suffix
  std::string host = "127.0.0.1";  // address to listen on
  std::uint16_t port = 0;          // 0: the system chooses; the log and TROUPE_READY_FD say which
  std::uint32_t threads = 1;       // of the forward pass
  std::uint64_t kv_bytes = 512ULL * 1024 * 1024;
  std::uint64_t kv_tokens = 0;           // of a modelled engine; 0: the profile's
  std::uint32_t context_tokens_max = 0;  // 0: the model's, or what kv_bytes holds if that is less
  std::string kv_events;  // JSON as vLLM's --kv-events-config takes it; empty: no events
  std::chrono::milliseconds drain_timeout{30'000};  // SIGTERM: for requests under way
  config::engine_limits limits;
  config::http_limits http;
  config::log_spec log;
};

}  // namespace troupe::engine
