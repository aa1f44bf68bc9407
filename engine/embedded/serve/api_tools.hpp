// Reads what a chat says of tools: tools, tool_choice, parallel_tool_calls.
//
// Bounds: tools_max tools.
#pragma once

#include "engine/embedded/serve/api_output_form.hpp"
#include "engine/embedded/serve/api_request.hpp"

namespace troupe::engine {

inline constexpr std::size_t tools_max = 128;

// Reads them into out.tools and returns the form of the answer: of the forced call, which takes the
// place of a response_format, or the one given. Under "auto" a text of a given form calls no tool.
output_form read_tools(field_reader& fields, const api_context& context, output_form form,
                       api_request& out);

}  // namespace troupe::engine
