#include "actors/router/session_hash.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <xxhash.h>

#include "runtime/assert.hpp"

namespace troupe::actors {
namespace {

// The finaliser of splitmix64: every bit of the input moves every bit of the output.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// An engine's draw: exponential with its weight as the rate, so that the least of all draws is
// this one's with a chance in proportion to the weight.
double draw(std::uint64_t key, const engine_cost& line) {
  const auto bits = mixed(key ^ line.name_hash) >> 11;
  const double unit = (static_cast<double>(bits) + 1) * 0x1p-53;  // (0, 1]
  return -std::log(unit) / line.weight;
}

}  // namespace

std::uint64_t engine_hash(std::string_view name) {
  return mixed(XXH3_64bits(name.data(), name.size()));
}

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
  const auto hash = XXH3_64bits(key.data(), key.size());
  double home = std::numeric_limits<double>::infinity();
  double least = home;
  session_choice chosen;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double drawn = draw(hash, lines[i]);
    home = std::min(home, drawn);
    if (lines[i].load >= bound_of(lines[i]) || drawn >= least) continue;
    least = drawn;
    chosen.index = i;
  }
  chosen.is_home = least == home;
  return chosen;
}

}  // namespace troupe::actors
