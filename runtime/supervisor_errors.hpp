// What a supervisor says: to requests that it does not carry out, and when it ends by itself.
#pragma once

#include <string>

#include <caf/error.hpp>

#include "runtime/supervisor_core.hpp"

namespace troupe {

// Returns the error of an outcome about a child; none for `done` and `start_failed`, which have an
// answer of their own.
caf::error refusal(request_outcome outcome, const std::string& child);

// What the sentence about a supervisor's end is made of.
struct end_facts {
  const supervisor_policy& policy;
  const std::string& supervisor;
  const std::string& failed_child;  // the last that could not be started, and why
  const caf::error& start_failure;
};

// Returns what a supervisor ends with that was not told to: an orderly end with its sentence.
caf::error failure_of(supervisor_end end, const end_facts& facts);

}  // namespace troupe
