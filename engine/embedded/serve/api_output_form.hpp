// Reads what form an answer must have: response_format, structured_outputs, a forced tool_choice.
//
// However it is spelt, it becomes one object in the terms of vLLM's structured_outputs, which is
// compiled here, on the io thread: the engine's steps never wait for a schema.
//
// Bounds: those of grammar_cache and json_schema.
#pragma once

#include <memory>

#include <nlohmann/json.hpp>

#include "engine/embedded/serve/api_request.hpp"

namespace troupe::engine {

// A form asked for, and the field that asks for it.
struct output_form {
  nlohmann::ordered_json
      asked;  // {"json": …}, {"json_object": true} or {"choice": […]}; null: none
  const char* field = "";
};

// Reads response_format and structured_outputs, of which one at most may be there.
output_form read_output_form(field_reader& fields);

// Returns the grammar of a form, null where none is asked for. A form that cannot be kept is a
// fault that names the place in the schema.
std::shared_ptr<grammar_program> compile_form(field_reader& fields, const output_form& form,
                                              const api_context& context);

}  // namespace troupe::engine
