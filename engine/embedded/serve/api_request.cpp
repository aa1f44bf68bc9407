#include "engine/embedded/serve/api_request.hpp"

#include <random>
#include <utility>

#include "engine/embedded/serve/api_prompt.hpp"

namespace troupe::engine {

namespace {

using nlohmann::json;

// A field that vLLM knows and this engine does not do, with the values that ask for nothing.
struct refused_field {
  const char* name;
  std::vector<json> accepted;
};

const std::vector<refused_field>& refused_fields() {
  static const std::vector<refused_field> list{
      {"n", {1}},
      {"best_of", {1}},
      {"use_beam_search", {false}},
      {"length_penalty", {1}},
      {"presence_penalty", {0}},
      {"frequency_penalty", {0}},
      {"repetition_penalty", {1}},
      {"logit_bias", {json::object()}},
      {"allowed_token_ids", {}},
      {"bad_words", {json::array()}},
      {"prompt_logprobs", {}},
      {"logprob_token_ids", {}},
      {"return_tokens_as_token_ids", {false}},
      {"truncate_prompt_tokens", {}},
      {"response_format", {json::object({{"type", "text"}})}},
      {"structured_outputs", {}},
      {"guided_json", {}},
      {"guided_regex", {}},
      {"guided_choice", {}},
      {"guided_grammar", {}},
      {"priority", {0}},
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
      {"logprobs", {false}},
      {"top_logprobs", {0}},
      {"echo", {false}},
      {"continue_final_message", {false}},
      {"chat_template", {}},
      {"tool_choice", {"none", "auto"}},
      {"mm_processor_kwargs", {json::object()}},
      {"reasoning_effort", {"none"}},
  };
  static const std::vector<refused_field> completion{
      {"logprobs", {}},
      {"suffix", {""}},
  };
  return kind == api_kind::chat ? chat : completion;
}

// A seed nobody asked for: from the system, so that no two requests repeat each other.
std::uint64_t fresh_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

sampling_params read_sampling(field_reader& fields) {
  sampling_params params;
  params.temperature = fields.number("temperature", 1.0, {0, 1e6});
  params.top_p = fields.number("top_p", 1.0, {0, 1, true});
  params.min_p = fields.number("min_p", 0.0, {0, 1});
  const auto top_k = fields.integer("top_k", 0, {-1, 1e9});
  params.top_k = top_k > 0 ? static_cast<std::uint32_t>(top_k) : 0;  // -1 and 0: all
  params.seed = fields.find("seed") == nullptr
                    ? fresh_seed()
                    : static_cast<std::uint64_t>(fields.integer("seed", 0, {-0x1p63, 0x1p63}));
  return params;
}

// What all prompts of a request share.
generation_request read_common(field_reader& fields, const api_context& context) {
  generation_request common;
  common.sampling = read_sampling(fields);
  common.ignore_eos = fields.flag("ignore_eos", false);
  common.stop_token_ids = fields.token_ids("stop_token_ids", context.text->vocab_size());
  common.cache_salt = fields.text("cache_salt", 1024);
  common.min_tokens = static_cast<std::uint32_t>(fields.integer("min_tokens", 0, {0, 1e9}));
  return common;
}

// Length the client asked for; 0: as much as the context holds.
std::uint32_t read_max_tokens(field_reader& fields, api_kind kind) {
  const bool is_chat = kind == api_kind::chat;
  const auto* name =
      is_chat && fields.find("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
  const auto value = fields.integer(name, is_chat ? 0 : 16, {0, 0x1p53});
  if (fields.find(name) != nullptr && value == 0) {
    fields.refuse(name, std::string{name} + " must be at least 1, got 0.");
  }
  return static_cast<std::uint32_t>(std::min<std::int64_t>(value, INT32_MAX));
}

void add_prompt(field_reader& fields, const api_context& context, generation_request request,
                api_request& out) {
  const auto prompt = request.prompt.size();
  if (request.max_tokens == 0 && prompt < context.context_tokens_max) {
    request.max_tokens = static_cast<std::uint32_t>(context.context_tokens_max - prompt);
  }
  const auto wanted = std::max<std::uint64_t>(request.max_tokens, 1);
  if (prompt + wanted > context.context_tokens_max) {
    const auto error = exceeds_context(context.context_tokens_max, prompt, wanted);
    fields.refuse("input_tokens", failure_text(error));
  }
  if (request.min_tokens > wanted) {
    fields.refuse("min_tokens",
                  "min_tokens must be less than or equal to max_tokens=" + std::to_string(wanted) +
                      ", got " + std::to_string(request.min_tokens) + ".");
  }
  out.prompts.push_back(std::move(request));
}

void read_stream_options(field_reader& fields, api_request& out) {
  out.stream = fields.flag("stream", false);
  const auto* options = fields.find("stream_options");
  if (options == nullptr) return;
  if (!out.stream || !options->is_object()) {
    fields.refuse("stream_options", out.stream
                                        ? "stream_options must be an object"
                                        : "Stream options can only be defined when `stream=True`.");
    return;
  }
  field_reader inner{*options};
  out.include_usage = inner.flag("include_usage", false);
  out.continuous_usage = out.include_usage && inner.flag("continuous_usage_stats", false);
  if (const auto& fault = inner.fault()) {
    fields.refuse("stream_options." + fault->param, "stream_options." + fault->message);
  }
}

void refuse_unsupported(field_reader& fields, api_kind kind) {
  for (const auto& field : refused_fields()) fields.require_one_of(field.name, field.accepted);
  for (const auto& field : refused_fields_of(kind)) {
    fields.require_one_of(field.name, field.accepted);
  }
}

}  // namespace

void check_model(field_reader& fields, const api_context& context) {
  const auto* model = fields.find("model");
  if (model == nullptr) return;
  if (!model->is_string()) {
    fields.refuse("model", "model must be a string");
  } else if (*model != context.model_name) {
    fields.refuse("model", "The model `" + model->get<std::string>() + "` does not exist.",
                  errc::unknown_model);
  }
}

api_request read_request(field_reader& fields, api_kind kind, const api_context& context) {
  api_request out;
  out.kind = kind;
  check_model(fields, context);
  refuse_unsupported(fields, kind);
  read_stream_options(fields, out);
  out.stops =
      fields.texts("stop", context.limits.stop_strings_max, context.limits.stop_string_bytes_max);
  out.include_stop = fields.flag("include_stop_str_in_output", false);
  out.skip_special_tokens = fields.flag("skip_special_tokens", true);
  out.return_token_ids = fields.flag("return_token_ids", false);
  out.echo = kind == api_kind::completion && fields.flag("echo", false);
  auto common = read_common(fields, context);
  common.max_tokens = read_max_tokens(fields, kind);
  if (fields.fault()) return out;

  encoded_prompts prompts;
  if (kind == api_kind::chat) {
    prompts.tokens.push_back(encode_messages(fields, context));
  } else {
    prompts = encode_prompts(fields, context);
  }
  if (out.echo) out.prompt_texts = std::move(prompts.texts);
  for (auto& tokens : prompts.tokens) {
    if (fields.fault()) return out;
    auto request = common;
    request.prompt = std::move(tokens);
    add_prompt(fields, context, std::move(request), out);
  }
  return out;
}

}  // namespace troupe::engine
