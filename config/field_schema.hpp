// The key table as JSON Schema (2020-12), for editors; config/topology.schema.json is its output.
#pragma once

#include <string>

namespace troupe::config {

// Renders the schema of the configuration file, ended by a line break.
std::string render_schema();

}  // namespace troupe::config
