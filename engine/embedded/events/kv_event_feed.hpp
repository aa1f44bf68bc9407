// The way from an engine's prefix cache to the outside: a log on the engine thread and the
// publisher behind it.
#pragma once

#include <memory>
#include <string_view>

#include "engine/embedded/events/kv_event_log.hpp"
#include "engine/embedded/events/kv_event_publisher.hpp"

namespace troupe::engine {

class kv_event_feed {
 public:
  // Opens what `json` (--kv-events-config) asks for; null where that is nothing. Errors:
  // invalid_config (names the field), io_error (an address cannot be had).
  static caf::expected<std::unique_ptr<kv_event_feed>> make(std::string_view json,
                                                            std::uint32_t block_size);

  // To be told of the cache's changes, on the engine thread.
  kv_observer& observer() { return log_; }

  // The configuration with the ports the system chose.
  const kv_events_config& resolved() const { return publisher_->resolved(); }

  kv_event_publisher::counters counts() const { return publisher_->counts(); }

 private:
  explicit kv_event_feed(std::unique_ptr<kv_event_publisher> publisher);

  std::unique_ptr<kv_event_publisher> publisher_;
  kv_event_log log_;
};

}  // namespace troupe::engine
