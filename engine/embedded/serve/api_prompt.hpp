// Turns what a client says (messages, text, token ids) into prompts of token ids.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/embedded/serve/api_context.hpp"
#include "engine/embedded/serve/field_reader.hpp"

namespace troupe::engine {

struct encoded_prompts {
  std::vector<std::vector<std::int32_t>> tokens;
  std::vector<std::string> texts;  // of each; decoded where the client sent token ids
};

// Renders `messages` (with tools, add_generation_prompt, continue_final_message, …) by the model's
// template and encodes them: one prompt.
encoded_prompts encode_messages(field_reader& fields, const api_context& context);

// Encodes `prompt`: a string, a list of strings, a list of token ids, or a list of such lists.
encoded_prompts encode_prompts(field_reader& fields, const api_context& context);

// Takes `token_ids` as they are: one prompt.
encoded_prompts take_token_ids(field_reader& fields, const api_context& context);

}  // namespace troupe::engine
