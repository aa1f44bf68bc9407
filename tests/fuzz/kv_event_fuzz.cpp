// Any bytes decode or are refused; what decodes is within its bounds and survives both encodings.
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/assert.hpp"
#include "transport/zmq/kv_event_codec.hpp"

namespace {

using namespace troupe::transport::zmq;

constexpr kv_decode_limits limits{.payload_bytes_max = 64 * 1024,
                                  .events_max = 16,
                                  .blocks_max = 32,
                                  .tokens_max = 64,
                                  .hash_bytes_max = 32,
                                  .text_bytes_max = 40,
                                  .keys_max = 4};

void check_bounds(const kv_event_batch& batch) {
  TROUPE_ASSERT(batch.events.size() + batch.unknown_events <= limits.events_max);
  for (const auto& event : batch.events) {
    const auto* stored = std::get_if<block_stored>(&event);
    if (stored == nullptr) continue;
    TROUPE_ASSERT(stored->hashes.size() <= limits.blocks_max);
    TROUPE_ASSERT(stored->token_ids.size() <= limits.tokens_max);
    TROUPE_ASSERT(stored->block_size > 0 && stored->block_size <= limits.tokens_max);
    for (const auto& keys : stored->extra_keys) TROUPE_ASSERT(keys.size() <= limits.keys_max);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto batch = decode_kv_events(bytes, limits);
  if (!batch) return 0;
  check_bounds(*batch);
  for (const auto form : {kv_event_form::maps, kv_event_form::arrays}) {
    const auto written = encode_kv_events(*batch, form);
    const auto again = decode_kv_events(written, limits);
    TROUPE_ASSERT(static_cast<bool>(again));
    TROUPE_ASSERT(encode_kv_events(*again, form) == written);
  }
  return 0;
}
