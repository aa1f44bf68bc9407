// The value of --kv-events-config: vLLM's fields with vLLM's defaults, and a few of our own.
//
// Units: buffer_steps, hwm and max_queue_size count messages (one per engine step).
// Source: vLLM 0.32, config/kv_events.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/embedded/events/kv_event_log.hpp"
#include "engine/embedded/events/kv_step.hpp"
#include "runtime/errc.hpp"
#include "transport/zmq/kv_event_codec.hpp"

namespace troupe::engine {

struct kv_events_config {
  bool enable_kv_cache_events = false;
  std::string publisher;                       // "zmq" or "null"; empty: "zmq" where enabled
  std::string endpoint = "tcp://*:5557";       // port 0: any free one
  std::optional<std::string> replay_endpoint;  // none: no replay
  std::uint32_t buffer_steps = 10'000;         // kept for replay
  std::uint32_t hwm = 100'000;                 // queued for one slow consumer, then dropped
  std::uint32_t max_queue_size = 100'000;      // handed over and not yet published, then dropped
  std::string topic;

  transport::zmq::kv_event_form form = transport::zmq::kv_event_form::maps;  // "event_form"
  kv_hash_form hashes = kv_hash_form::numbers;                               // "hash_form"
  kv_event_habits habits;  // "announce_reused", "clear_at_once"

  // Whether anything is published.
  bool is_on() const { return enable_kv_cache_events && publisher != "null"; }
};

// Reads a JSON object. Errors: invalid_config, with the field named; unknown fields are mistakes.
caf::expected<kv_events_config> read_kv_events_config(std::string_view json);

// Returns the body of GET /kv_event_sources: by data-parallel rank, here 0; none: nothing is on.
std::string kv_event_sources_body(const kv_events_config* published);

}  // namespace troupe::engine
