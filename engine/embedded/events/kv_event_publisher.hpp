// Publishes steps as KV events the way vLLM does: a PUB socket for what happens, a ROUTER socket
// that replays the last steps to who missed them.
//
// Thread: publish from one thread (the engine's), which it never blocks; sockets live in a thread
// of its own; the rest from any.
// Bounds: max_queue_size steps handed over (beyond it a step is dropped, and its number stays out,
// so that consumers see a gap), buffer_steps kept for replay, hwm queued for one slow consumer.
// Source: vLLM 0.32, distributed/kv_events.py, and captures of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/embedded/events/kv_events_config.hpp"

namespace troupe::engine {

class kv_event_publisher {
 public:
  // A step is counted before any consumer can hear of it; a replay asked for after that holds it.
  struct counters {
    std::uint64_t published = 0;
    std::uint64_t dropped = 0;
    std::uint64_t replays = 0;
  };

  // Opens the sockets: listens on wildcards, ipc, inproc and port 0, and connects to any other
  // endpoint, as vLLM does. Errors: io_error.
  static caf::expected<std::unique_ptr<kv_event_publisher>> make(const kv_events_config& config,
                                                                 std::uint32_t block_size);

  // Publishes what was handed over, then ends.
  ~kv_event_publisher();

  // Hands a step over and returns at once.
  void publish(kv_step step);

  // The configuration with the ports the system chose.
  const kv_events_config& resolved() const;

  counters counts() const;

 private:
  struct state;
  explicit kv_event_publisher(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace troupe::engine
