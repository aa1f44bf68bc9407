// The key table as Markdown, the second half of docs/configuration.md.
#pragma once

#include <string>

namespace troupe::config {

// Renders a heading and a table for each map of the configuration file.
std::string render_reference();

}  // namespace troupe::config
