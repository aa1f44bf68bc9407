#include "engine/embedded/serve/api_request.hpp"

#include <algorithm>
#include <utility>

#include "engine/embedded/serve/api_prompt.hpp"
#include "engine/embedded/serve/api_refusals.hpp"
#include "engine/embedded/serve/api_sampling.hpp"
#include "runtime/request_ids.hpp"

namespace troupe::engine {

namespace {

void add_prompt(field_reader& fields, const api_context& context, generation_request request,
                api_request& out) {
  const std::uint64_t prompt = request.prompt.size();
  // An answer may be shorter than asked for: it ends where the context does, as in vLLM.
  const auto room =
      context.context_tokens_max - std::min<std::uint64_t>(context.context_tokens_max, prompt);
  if (room > 0 && (request.max_tokens == 0 || request.max_tokens > room)) {
    request.max_tokens = static_cast<std::uint32_t>(room);
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
  if (request.output_prefix.size() > wanted) {
    fields.refuse("output_prefix",
                  "output_prefix must hold at most max_tokens=" + std::to_string(wanted) +
                      " tokens, got " + std::to_string(request.output_prefix.size()) + ".");
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
  fields.adopt(inner, "stream_options");
}

// What stands in the body itself, whatever the endpoint.
void read_envelope(field_reader& fields, api_request& out) {
  read_stream_options(fields, out);
  out.return_token_ids = fields.flag("return_token_ids", false) || out.kind == api_kind::tokens;
  out.echo = out.kind == api_kind::completion && fields.flag("echo", false);
  out.id = fields.text("request_id", request_id_bytes_max);
  if (!out.id.empty() && !valid_request_id(out.id)) {
    fields.refuse("request_id", "request_id must be printable ASCII");
  }
}

generation_request read_common(field_reader& fields, const api_context& context, api_request& out) {
  generation_request common;
  if (out.kind != api_kind::tokens) {
    common = read_sampling(fields, context, out);
  } else if (const auto* params = fields.find("sampling_params");
             params == nullptr || params->is_object()) {
    static const nlohmann::ordered_json defaults = nlohmann::ordered_json::object();
    field_reader inner{params == nullptr ? defaults : *params};
    refuse_unsupported(inner, api_kind::tokens);
    common = read_sampling(inner, context, out);
    fields.adopt(inner, "sampling_params");
  } else {
    fields.refuse("sampling_params", "sampling_params must be an object");
  }
  common.cache_salt = fields.text("cache_salt", 1024);
  common.priority = fields.integer("priority", 0, {-0x1p63, 0x1p63});
  common.output_prefix = fields.token_ids("output_prefix", context.text->vocab_size());
  return common;
}

// Without a new turn for the model to speak in, the last speaker goes on, as in vLLM.
void read_role(field_reader& fields, api_request& out) {
  if (out.kind != api_kind::chat || fields.flag("add_generation_prompt", true)) return;
  out.role = fields.find("messages")->back()["role"].get<std::string>();
}

encoded_prompts read_prompts(field_reader& fields, api_kind kind, const api_context& context) {
  switch (kind) {
    case api_kind::chat:
      return encode_messages(fields, context);
    case api_kind::completion:
      return encode_prompts(fields, context);
    case api_kind::tokens:
      break;
  }
  return take_token_ids(fields, context);
}

// What only holds for a request as a whole.
void check_together(field_reader& fields, const api_context& context, const api_request& out) {
  const auto count = out.prompts.size() * out.choices;
  if (count > context.limits.queued_requests_max) {
    fields.refuse("n", "n times the number of prompts must be at most " +
                           std::to_string(context.limits.queued_requests_max) + ", got " +
                           std::to_string(count));
  }
  if (count > 1 && !out.prompts.front().output_prefix.empty()) {
    fields.refuse("output_prefix", "output_prefix needs a single prompt and n=1");
  }
  if (out.stream && out.tells_prompt_logprobs) {
    fields.refuse("prompt_logprobs", "`prompt_logprobs` are not available when `stream=True`.");
  }
}

}  // namespace

generation_request api_request::generation(std::size_t choice, request_id leader) const {
  auto request = prompts[choice / choices];
  request.sampling.seed += choice % choices;
  request.leader = leader;
  return request;
}

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
  read_envelope(fields, out);
  const auto common = read_common(fields, context, out);
  if (fields.fault()) return out;

  auto prompts = read_prompts(fields, kind, context);
  out.prompt_texts = std::move(prompts.texts);
  for (auto& tokens : prompts.tokens) {
    if (fields.fault()) return out;
    auto request = common;
    request.prompt = std::move(tokens);
    add_prompt(fields, context, std::move(request), out);
  }
  if (fields.fault()) return out;
  read_role(fields, out);
  check_together(fields, context, out);
  return out;
}

}  // namespace troupe::engine
