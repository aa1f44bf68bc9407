// The JSON body of a planned request, as OpenAI-compatible endpoints take it.
#pragma once

#include <string>
#include <string_view>

#include "apps/bench/workload.hpp"

namespace troupe::apps::bench {

struct body_options {
  api_kind api = api_kind::chat;
  std::string model;
  bool stop_early = false;  // do not send ignore_eos, which not every endpoint knows
};

// Writes the body of a streamed request; for completions the messages become one text.
std::string write_body(const planned_request& asked, const body_options& options);

// Returns the path below the endpoint's own.
std::string_view path_of(api_kind api);

}  // namespace troupe::apps::bench
