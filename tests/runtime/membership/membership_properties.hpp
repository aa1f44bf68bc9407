// What must hold of a cluster of memberships, each over one simulated run from a seed.
//
// A property returns what went wrong, or an empty text. The same properties must notice each part
// of the protocol that is turned off.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/membership/membership_options.hpp"
#include "tests/runtime/membership/member_network.hpp"

namespace troupe::testing {

struct membership_property {
  const char* name;
  std::string (*run)(std::uint64_t seed, membership_parts parts);
  std::uint64_t seeds;  // how many are played in each test run
};

const std::vector<membership_property>& membership_properties();

// Those of nodes that leave; among the above.
std::string a_farewell_is_heard_by_all(std::uint64_t seed, membership_parts parts);
std::string a_leave_is_announced_to_all(std::uint64_t seed, membership_parts parts);

// Returns a network that has run a while, not the same one with each seed.
member_network settled_network(std::size_t nodes, std::uint64_t seed, membership_parts parts);

}  // namespace troupe::testing
