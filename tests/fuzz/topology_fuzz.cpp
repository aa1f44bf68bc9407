// Any bytes are read as a topology without a crash, within bounds; what is good stays in its
// ranges.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/topology_fields.hpp"
#include "config/topology_reader.hpp"
#include "config/units.hpp"
#include "runtime/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::config;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto variables = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "value";
    return std::nullopt;
  };
  const read_result result = parse_topology(text, "fuzz", variables);
  TROUPE_ASSERT(result.mistakes.size() <= mistake_list::mistakes_max + 1);
  for (const mistake& m : result.mistakes) TROUPE_ASSERT(m.line >= 1 && m.column >= 1);
  if (!result.ok()) return 0;
  TROUPE_ASSERT(!result.value.nodes.empty());
  for (const node_spec& node : result.value.nodes) {
    TROUPE_ASSERT(is_name(node.name) && !node.engines.empty());
    TROUPE_ASSERT(node.endpoint.threads >= 1 && node.endpoint.threads <= 256);
    TROUPE_ASSERT(node.supervisor.backoff_min <= node.supervisor.backoff_max);
    for (const engine_spec& engine : node.engines) {
      TROUPE_ASSERT(engine_names(engine).size() == engine.count);
      const bool is_openai = engine.kind == engine_kind::openai;
      TROUPE_ASSERT(is_openai == !engine.url.empty());
      TROUPE_ASSERT(!is_openai || url_mistake(engine.url).empty());
    }
  }
  return 0;
}
