// What a request would generate from: its prompts as text and token ids, without generating.
//
// Each is a whole body for /inference/v1/generate, so that another engine can go on from there.
#pragma once

#include <string>

#include "engine/embedded/serve/api_request.hpp"

namespace troupe::engine {

// Body of POST /v1/chat/completions/render: one prompt.
std::string render_chat_body(field_reader& fields, const api_context& context);

// Body of POST /v1/completions/render: a list of prompts.
std::string render_completion_body(field_reader& fields, const api_context& context);

}  // namespace troupe::engine
