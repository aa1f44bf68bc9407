#include "tests/simulation/cluster/verdict_watch.hpp"

namespace troupe::simulation {

void verdict_watch::held_for_dead(const node_id& which, const node_id& by) {
  if (silence_of(which.name) >= silence_max || silence_of(by.name) >= silence_max) return;
  std::size_t away = 0;
  for (std::size_t i = 0; i < plan_.nodes(); ++i)
    away += silence_of(node_name(i)) >= suspected_after;
  if (2 * away >= plan_.nodes()) return;
  world_.broken(by.name + " holds " + which.name +
                " for dead, which lives and was not out of reach");
}

bool verdict_watch::touches(const fault& one, const std::string& node) const {
  const bool is_link =
      one.kind == fault_kind::cut || one.kind == fault_kind::slow || one.kind == fault_kind::lose;
  return node == node_name(one.node) || (is_link && node == node_name(one.other));
}

// Of what was done to it lately.
std::chrono::milliseconds verdict_watch::silence_of(const std::string& node) const {
  const auto now = world_.events.now() - began_;
  std::chrono::milliseconds silence{0};
  for (const auto& one : plan_.faults) {
    const bool counts = one.at <= now && now <= one.at + one.lasting + aftermath;
    if (!counts || !touches(one, node)) continue;
    switch (one.kind) {
      case fault_kind::engine_dies:
      case fault_kind::engine_hangs:
      case fault_kind::actor_dies:
      case fault_kind::slow:
        continue;
      case fault_kind::pause:
      case fault_kind::cut:
      case fault_kind::isolate:
        silence += one.lasting;
        continue;
      case fault_kind::leave:
      case fault_kind::kill:
      case fault_kind::lose:
        return silence_max;
    }
  }
  return silence;
}

}  // namespace troupe::simulation
