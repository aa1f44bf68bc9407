// What an engine says of its own load: read from the text of its /metrics page.
//
// Source: vLLM's metric names (0.33), and the older spelling of the cache gauge.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::actors {

struct engine_gauges {
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  double kv_usage = 0;              // 0 to 1
  std::uint64_t kv_tokens_max = 0;  // capacity of the prefix cache; 0: unknown

  friend bool operator==(const engine_gauges&, const engine_gauges&) = default;
};

// Sums the gauges over data-parallel ranks; lines of other metrics are passed over.
engine_gauges read_engine_gauges(std::string_view metrics_text);

}  // namespace troupe::actors
