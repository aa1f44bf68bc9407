// What tests take out of a simulated cluster, to see that it is missed.
#pragma once

#include "runtime/membership/membership_options.hpp"

namespace troupe::simulation {

struct mutations {
  membership_parts membership{};
  bool ended_come_back = false;    // links to ended incarnations are made anew
  bool silent_ends = false;        // remote actors are not told that a link has ended
  bool silent_gaps = false;        // nor that messages were lost
  bool deaf_to_routers = false;    // nobody looks for the routers of other nodes
  bool uses_late_leases = false;   // a stream takes a lease whichever request it is for
  bool keeps_late_leases = false;  // a stream does not give back what it has no use for
  bool same_incarnations = false;  // a node that starts again keeps its incarnation
};

}  // namespace troupe::simulation
