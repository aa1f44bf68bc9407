// Any bytes are read as a topology without a crash, within bounds; what is good stays in its
// ranges.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/topology_fields.hpp"
#include "config/topology_members.hpp"
#include "config/topology_reader.hpp"
#include "config/topology_rules.hpp"
#include "config/units.hpp"
#include "runtime/assert.hpp"

namespace {

using namespace troupe;
using namespace troupe::config;

// What membership and placement take without a complaint.
void check_cluster(const topology& all) {
  TROUPE_ASSERT(all.nodes.size() <= member_limits::members_max);
  TROUPE_ASSERT(seeds_of(all).size() <= all.nodes.size() + seeds_max);
  for (const node_spec& node : all.nodes) {
    const auto& member = node.member;
    const node_description description{
        {node.name, 1}, "tcp://" + link_peer(*all.cluster, member), member.labels, member.roles, 1,
        member.weight};
    TROUPE_ASSERT(flaw({description, member_state::up, 0, {}}).empty());
    const auto listen = link_listen(*all.cluster, member);
    TROUPE_ASSERT(is_loopback(listen.address) || !all.cluster->key.empty() ||
                  all.cluster->insecure);
  }
  if (all.nodes.size() <= 32 && all.placed.size() <= 8)
    place(placed_actors(all), planned_view(all));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
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
    const bool alone = !result.value.cluster;
    TROUPE_ASSERT(is_name(node.name) && (!alone || (node.has_router && !node.engines.empty())));
    TROUPE_ASSERT(!alone || node.member == member_spec{});
    TROUPE_ASSERT(node.endpoint.threads >= 1 && node.endpoint.threads <= 256);
    TROUPE_ASSERT(node.supervisor.backoff_min <= node.supervisor.backoff_max);
    for (const engine_spec& engine : node.engines) {
      TROUPE_ASSERT(engine_names(engine).size() == engine.count);
      const bool is_openai = engine.kind == engine_kind::openai;
      TROUPE_ASSERT(is_openai == !engine.url.empty());
      TROUPE_ASSERT(!is_openai || url_mistake(engine.url).empty());
    }
  }
  if (result.value.cluster) check_cluster(result.value);
  return 0;
}
