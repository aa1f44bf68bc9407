// Follows the KV events of many engines and hands them out in order: SUB sockets for what happens,
// DEALER sockets for what was missed.
//
// Thread: one of its own; the sink is called on it and should pass on, not work. follow and forget
// may be called from any thread.
// Bounds: kv_subscriber_limits.
// Source: frames as vLLM 0.32 sends them: [topic, seq, payload]; replay request ["", seq], replies
// ["", topic, seq, payload] (older releases: ["", seq, payload]), the last with seq -1.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/errc.hpp"
#include "transport/zmq/kv_event.hpp"
#include "transport/zmq/kv_event_sequence.hpp"

namespace troupe::transport::zmq {

// Where one publisher (an engine's data-parallel rank) can be heard.
struct kv_event_source {
  std::string endpoint;         // tcp://HOST:PORT
  std::string replay_endpoint;  // empty: it has none
  std::string topic;            // prefix; empty: all
};

// The events of one message.
struct kv_batch_received {
  std::uint64_t epoch;
  std::uint64_t seq;
  kv_event_batch batch;
};

// A message that could not be read: what the consumer knows of this source may be wrong from here.
struct kv_batch_unreadable {
  std::uint64_t epoch;
  std::uint64_t seq;
  caf::error reason;
};

using kv_notice = std::variant<kv_batch_received, kv_batch_unreadable, kv_resync, kv_caught_up>;
using kv_source_id = std::uint64_t;
using kv_notice_sink = std::function<void(kv_source_id, kv_notice)>;

// Returns an endpoint that /kv_event_sources names, with the engine's host where it says "any".
std::string reachable_endpoint(std::string_view endpoint, std::string_view host);

class kv_event_subscriber {
 public:
  explicit kv_event_subscriber(kv_notice_sink sink, const kv_subscriber_limits& limits = {});

  // Returns after the last call of the sink.
  ~kv_event_subscriber();

  // Follows a source from now on; connects in the background and for good. Errors: overloaded
  // (sources_max), io_error (an endpoint ZeroMQ does not understand).
  caf::expected<kv_source_id> follow(const kv_event_source& source);

  // Forgets a source; a notice under way may still come.
  void forget(kv_source_id id);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::transport::zmq
