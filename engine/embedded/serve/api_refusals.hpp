// The fields vLLM knows and this engine does not do.
#pragma once

#include "engine/embedded/serve/api_request.hpp"
#include "engine/embedded/serve/field_reader.hpp"

namespace troupe::engine {

// Refuses what cannot be done by its name, unless it asks for nothing.
void refuse_unsupported(field_reader& fields, api_kind kind);

}  // namespace troupe::engine
