// Whether the files that an embedded engine needs are there.
#pragma once

#include <string>

#include "config/topology.hpp"

namespace troupe::apps {

// Returns a sentence about a file that is missing; empty: the engine can be started.
std::string missing_file(const config::engine_spec& engine);

}  // namespace troupe::apps
