#include "engine/embedded/serve/api_refusals.hpp"

#include <vector>

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

// A field that vLLM knows and this engine does not do, with the values that ask for nothing.
struct refused_field {
  const char* name;
  std::vector<json> accepted;
};

const std::vector<refused_field>& refused_fields() {
  static const std::vector<refused_field> list{
      {"best_of", {1}},
      {"use_beam_search", {false}},
      {"length_penalty", {1}},
      {"allowed_token_ids", {}},
      {"logprob_token_ids", {}},
      {"truncate_prompt_tokens", {}},
      {"guided_json", {}},
      {"guided_regex", {}},
      {"guided_choice", {}},
      {"guided_grammar", {}},
      {"kv_transfer_params", {json::object()}},
      {"ec_transfer_params", {json::object()}},
      {"vllm_xargs", {json::object()}},
      {"logits_processors", {json::array()}},
      {"repetition_detection", {}},
      {"thinking_token_budget", {-1}},
      {"watermarking", {false}},
      {"stream_interval", {1}},
      {"prompt_embeds", {}},
  };
  return list;
}

const std::vector<refused_field>& refused_fields_of(api_kind kind) {
  static const std::vector<refused_field> chat{
      {"echo", {false}},
      {"chat_template", {}},
      {"mm_processor_kwargs", {json::object()}},
      {"reasoning_effort", {"none"}},
  };
  static const std::vector<refused_field> completion{
      {"suffix", {""}},
  };
  static const std::vector<refused_field> tokens{
      {"features", {}},
      {"output_mode", {"tokens"}},
  };
  if (kind == api_kind::tokens) return tokens;
  return kind == api_kind::chat ? chat : completion;
}

}  // namespace

void refuse_unsupported(field_reader& fields, api_kind kind) {
  for (const auto& field : refused_fields()) fields.require_one_of(field.name, field.accepted);
  for (const auto& field : refused_fields_of(kind)) {
    fields.require_one_of(field.name, field.accepted);
  }
}

}  // namespace troupe::engine
