// Reads the body of /v1/chat/completions and /v1/completions: vLLM's fields, bounds and defaults.
//
// A field vLLM knows and this engine does not do is refused by name unless it holds its default;
// fields vLLM does not know are let pass.
#pragma once

#include <string>
#include <vector>

#include "engine/embedded/serve/api_context.hpp"
#include "engine/embedded/serve/field_reader.hpp"
#include "engine/embedded/serve/generation_request.hpp"

namespace troupe::engine {

enum class api_kind { chat, completion };

// A checked request: one generation for each prompt.
struct api_request {
  api_kind kind = api_kind::chat;
  std::vector<generation_request> prompts;
  std::vector<std::string> prompt_texts;  // with echo only
  std::vector<std::string> stops;
  bool include_stop = false;
  bool skip_special_tokens = true;
  bool stream = false;
  bool include_usage = false;
  bool continuous_usage = false;
  bool return_token_ids = false;
  bool echo = false;
};

// Reads a whole request; meaningless where the reader ends up with a fault.
api_request read_request(field_reader& fields, api_kind kind, const api_context& context);

// Refuses the request where it asks for a model other than the one served.
void check_model(field_reader& fields, const api_context& context);

}  // namespace troupe::engine
