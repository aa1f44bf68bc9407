// Any bytes as the settings an engine is started with: an error that says something, or values in
// their ranges.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/embedded/events/kv_events_config.hpp"
#include "engine/embedded/serve/modelled_profile.hpp"
#include "runtime/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::engine;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto events = read_kv_events_config(text);
  if (!events) {
    TROUPE_ASSERT(!troupe::failure_text(events.error()).empty());
  } else {
    TROUPE_ASSERT(events->buffer_steps > 0 && events->max_queue_size > 0 && events->hwm > 0);
  }
  const auto profile = parse_time_profile(text, "fuzz");
  if (!profile) {
    TROUPE_ASSERT(troupe::failure_text(profile.error()).find("fuzz") != std::string::npos);
  } else {
    TROUPE_ASSERT(profile->step_us >= 0 && profile->kv_tokens > 0 && profile->context_tokens > 0);
  }
  return 0;
}
