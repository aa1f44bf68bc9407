// Calls a node's admin API and shows what it answers.
#pragma once

#include <string>
#include <string_view>

#include "apps/cli_admin.hpp"

namespace troupe::apps {

struct call_outcome {
  bool good = false;
  std::string text;  // the answer, or what went wrong
};

// Makes the call and waits for its answer; blocks.
call_outcome call_admin(const admin_request& command);

// Returns the sentence of an error body, or the body itself.
std::string error_sentence(std::string_view body);

}  // namespace troupe::apps
