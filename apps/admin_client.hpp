// Calls a node's admin API and shows what it answers.
#pragma once

#include <string>
#include <string_view>

#include "apps/cli_engines.hpp"

namespace troupe::apps {

struct call_outcome {
  bool good = false;
  std::string text;  // what to show, or what went wrong
};

// Makes the call and waits for its answer; blocks.
call_outcome call_admin(const engines_command& command);

// Renders the listing of engines as a table for people.
std::string engines_table(std::string_view page);

// Returns the sentence of an error body, or the body itself.
std::string error_sentence(std::string_view body);

}  // namespace troupe::apps
