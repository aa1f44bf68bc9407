#include "actors/router/session_hash.hpp"

#include <algorithm>
#include <limits>

#include "runtime/assert.hpp"
#include "runtime/rendezvous.hpp"

namespace troupe::actors {

session_choice choose_for_session(std::span<const engine_cost> lines, std::string_view key,
                                  std::uint32_t balance) {
  TROUPE_ASSERT(!lines.empty() && balance > 100);
  std::uint64_t weights = 0;
  std::uint64_t load = 1;  // with the request at hand
  for (const auto& line : lines) {
    weights += line.weight;
    load += line.load;
  }
  // In whole numbers, so that a bound that comes out even is not missed by a rounding error.
  const auto bound_of = [&](const engine_cost& line) {
    return (load * balance * line.weight + 100 * weights - 1) / (100 * weights);
  };
  const auto hash = rendezvous_key(key);
  double home = std::numeric_limits<double>::infinity();
  double least = home;
  session_choice chosen;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double drawn = rendezvous_draw(hash, lines[i].name_hash, lines[i].weight);
    home = std::min(home, drawn);
    if (lines[i].load >= bound_of(lines[i]) || drawn >= least) continue;
    least = drawn;
    chosen.index = i;
  }
  chosen.is_home = least == home;
  return chosen;
}

}  // namespace troupe::actors
