// Where a node may find others of its cluster: from its topology, a name in DNS, a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "config/topology.hpp"

namespace troupe::apps {

// What the text of a file of seeds says: HOST:PORT a line; empty lines and those that begin with #
// say nothing.
struct seed_lines {
  std::vector<std::string> peers;
  std::vector<std::size_t> wrong;  // lines that are none, from 1
};
seed_lines read_seed_lines(std::string_view text);

// Spawns an actor with a thread of its own that tells `membership` the seeds of a topology, at once
// and again whenever a look at name and file, each 2 s, finds others.
//
// Bounds: 64 KiB of the file; of the seeds as many as membership takes.
caf::actor spawn_seed_finder(caf::actor_system& system, const config::topology& all,
                             const caf::actor& membership);

}  // namespace troupe::apps
