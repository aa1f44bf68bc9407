// Reads an actor config file into a topology and reports every mistake in it, not only the first.
//
// Bounds: yaml_limits for the file; mistake_list for what is reported.
// Errors: none but the mistakes; a file that cannot be opened is one at 1:1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"
#include "config/mistake.hpp"
#include "config/topology.hpp"

namespace troupe::config {

struct read_result {
  topology value;  // meaningful only where there is no mistake
  std::vector<mistake> mistakes;

  bool ok() const { return mistakes.empty(); }
};

// Reads the file at `path`; relative paths in it are relative to its folder.
read_result read_topology(const std::string& path, const environment& variables);
read_result read_topology(const std::string& path);

// Reads `text`, calling it `name` in mistakes; relative paths stay as they are.
read_result parse_topology(std::string_view text, const std::string& name,
                           const environment& variables);
read_result parse_topology(std::string_view text, const std::string& name);

struct engine_read_result {
  engine_spec value;  // meaningful only where there is no mistake
  std::vector<mistake> mistakes;
};

// Reads one group of engines as an item of `actors` holds it: a map of its fields. JSON will do.
engine_read_result parse_engine(std::string_view text, const std::string& name);

// Renders the mistakes one a line.
std::string to_string(const std::vector<mistake>& mistakes);

}  // namespace troupe::config
