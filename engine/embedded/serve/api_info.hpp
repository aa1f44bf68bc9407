// The API's small endpoints: models, tokenize, detokenize, version, load.
#pragma once

#include <string>

#include "engine/embedded/serve/api_context.hpp"
#include "engine/embedded/serve/field_reader.hpp"

namespace troupe::engine {

// Body of GET /v1/models.
std::string models_body(const api_context& context);

// Body of POST /tokenize: `prompt` or `messages` to token ids.
std::string tokenize_body(field_reader& fields, const api_context& context);

// Body of POST /detokenize: `tokens` to text.
std::string detokenize_body(field_reader& fields, const api_context& context);

// Body of GET /version.
std::string version_body();

// Body of GET /load.
std::string load_body(const api_context& context);

}  // namespace troupe::engine
