// What tests take out of a simulated cluster, to see that it is missed.
#pragma once

#include "runtime/membership/membership_options.hpp"

namespace troupe::simulation {

struct mutations {
  membership_parts membership{};
  bool ended_come_back = false;  // links to ended incarnations are made anew
  bool zombies_speak = false;    // what comes of an ended attempt still passes
  bool gaps_untold = false;      // nobody hears that records were lost
  bool no_restarts = false;      // what dies stays dead
  bool orphans = false;          // engines outlive what started them
  bool deaf_placement = false;   // what places hears of no other node
  bool deaf_to_routers = false;  // nobody looks for the routers of other nodes
  bool unannounced = false;      // a node that leaves does not say so
  bool undrained = false;        // a node that leaves does not drain its engines
};

}  // namespace troupe::simulation
