// Reads the body of the generating endpoints: vLLM's fields, bounds and defaults.
//
// A field vLLM knows and this engine does not do is refused by name unless it holds its default;
// fields vLLM does not know are let pass.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/embedded/serve/api_context.hpp"
#include "engine/embedded/serve/field_reader.hpp"
#include "engine/embedded/serve/generation_request.hpp"
#include "engine/embedded/serve/tool_collector.hpp"

namespace troupe::engine {

enum class api_kind {
  chat,        // /v1/chat/completions
  completion,  // /v1/completions
  tokens,      // /inference/v1/generate
};

// A checked request: `choices` generations for each prompt.
struct api_request {
  api_kind kind = api_kind::chat;
  std::vector<generation_request> prompts;
  std::vector<std::string> prompt_texts;
  std::uint32_t choices = 1;
  std::vector<std::string> stops;
  std::vector<std::string> bad_words;
  nlohmann::ordered_json form;     // of the text, as vLLM's structured_outputs say it; null: any
  tool_rules tools;                // of a chat
  std::string id;                  // empty: the client chose none
  std::string role = "assistant";  // of a chat's answer
  bool has_seed = false;
  bool include_stop = false;
  bool skip_special_tokens = true;
  bool stream = false;
  bool include_usage = false;
  bool continuous_usage = false;
  bool return_token_ids = false;
  bool tokens_as_ids = false;          // names tokens "token_id:7" in log probabilities
  bool tells_prompt_logprobs = false;  // where echo needs them, they are computed unasked
  bool echo = false;
  bool echo_only = false;  // max_tokens is 0: nothing but the prompt

  // The generation of one choice: its own seed, and a place behind the one it shares its prompt
  // with.
  generation_request generation(std::size_t choice, request_id leader) const;
};

// Reads a whole request; meaningless where the reader ends up with a fault.
api_request read_request(field_reader& fields, api_kind kind, const api_context& context);

// Refuses the request where it asks for a model other than the one served.
void check_model(field_reader& fields, const api_context& context);

}  // namespace troupe::engine
