// What must hold of a cluster of memberships, each over one simulated run from a seed.
//
// A property returns what went wrong, or an empty text. The same properties must notice each part
// of the protocol that is turned off.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/membership/membership_options.hpp"

namespace troupe::testing {

struct membership_property {
  const char* name;
  std::string (*run)(std::uint64_t seed, membership_parts parts);
  std::uint64_t seeds;  // how many are played in each test run
};

const std::vector<membership_property>& membership_properties();

}  // namespace troupe::testing
