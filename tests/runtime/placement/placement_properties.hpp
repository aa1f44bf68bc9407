// What must hold of every placement, over random views, and how far it holds without a part of the
// rules.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "runtime/placement/placement.hpp"

namespace troupe::testing {

struct placement_property {
  const char* name;
  // Returns what is broken for this seed, empty: nothing.
  std::string (*check)(std::uint64_t seed, const placement_parts& parts);
};

std::span<const placement_property> placement_properties();

}  // namespace troupe::testing
