#include "actors/router/eligible_engines.hpp"

#include <algorithm>
#include <chrono>

namespace troupe::actors {
namespace {

constexpr std::chrono::milliseconds doubted_for{1'500};  // a node that hangs is found in 1.3 s

}  // namespace

eligible_engines::eligible_engines(const engine_roster& roster, const rostered_model& model,
                                   std::span<const engine_id> failed, time_point now)
    : roster_{roster}, failed_{failed}, now_{now} {
  if (failed.empty()) return;
  has_others_ = std::any_of(model.slots.begin(), model.slots.end(), [&](std::uint32_t slot) {
    return contains(slot) && !is_doubted(roster.at(slot));
  });
}

bool eligible_engines::is_other(const rostered_engine& engine) const {
  return std::find(failed_.begin(), failed_.end(), engine.id) == failed_.end();
}

// Tells whether it is beside one that failed the request and has not been heard since.
bool eligible_engines::is_doubted(const rostered_engine& engine) const {
  if (engine.config.node == home_node) return false;
  return std::any_of(failed_.begin(), failed_.end(), [&](engine_id id) {
    const auto* other = roster_.find(id);
    return other != nullptr && other->config.node == engine.config.node && other->failed_at &&
           now_ - *other->failed_at < doubted_for;
  });
}

}  // namespace troupe::actors
