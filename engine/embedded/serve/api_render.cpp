#include "engine/embedded/serve/api_render.hpp"

#include "runtime/request_ids.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json to_json(const std::vector<token_bias>& biases) {
  auto map = json::object();
  for (const auto& b : biases) map[std::to_string(b.token)] = b.bias;
  return map;
}

json count_or_null(const std::optional<std::uint32_t>& count) {
  return count ? json(*count) : json{};
}

json sampling_of(const api_request& request, const generation_request& prompt) {
  const auto& s = prompt.sampling;
  const auto& rules = prompt.rules;
  return {{"n", request.choices},
          {"presence_penalty", rules.presence_penalty},
          {"frequency_penalty", rules.frequency_penalty},
          {"repetition_penalty", rules.repetition_penalty},
          {"temperature", s.temperature},
          {"top_p", s.top_p},
          {"top_k", s.top_k},
          {"min_p", s.min_p},
          {"seed", request.has_seed ? json(static_cast<std::int64_t>(s.seed)) : json{}},
          {"stop", request.stops},
          {"stop_token_ids", prompt.stop_token_ids},
          {"bad_words", request.bad_words},
          {"logit_bias", to_json(rules.biases)},
          {"ignore_eos", prompt.ignore_eos},
          {"max_tokens", prompt.max_tokens},
          {"min_tokens", prompt.min_tokens},
          {"logprobs", count_or_null(prompt.logprobs)},
          {"prompt_logprobs", count_or_null(prompt.prompt_logprobs)},
          {"include_stop_str_in_output", request.include_stop},
          {"skip_special_tokens", request.skip_special_tokens},
          {"structured_outputs", request.form}};
}

json rendered(const api_request& request, std::size_t which, const api_context& context) {
  const auto& prompt = request.prompts[which];
  const char* kind = request.kind == api_kind::chat ? "chatcmpl-" : "cmpl-";
  json out{{"request_id", kind + (request.id.empty() ? make_request_id() : request.id)},
           {"prompt", request.prompt_texts[which]},
           {"token_ids", prompt.prompt},
           {"features", nullptr},
           {"sampling_params", sampling_of(request, prompt)},
           {"model", context.model_name},
           {"stream", request.stream}};
  out["cache_salt"] = prompt.cache_salt.empty() ? json{} : json(prompt.cache_salt);
  out["priority"] = prompt.priority;
  if (!prompt.output_prefix.empty()) out["output_prefix"] = prompt.output_prefix;
  return out;
}

}  // namespace

std::string render_chat_body(field_reader& fields, const api_context& context) {
  const auto request = read_request(fields, api_kind::chat, context);
  return fields.fault() ? std::string{} : dump(rendered(request, 0, context));
}

std::string render_completion_body(field_reader& fields, const api_context& context) {
  const auto request = read_request(fields, api_kind::completion, context);
  auto list = json::array();
  if (fields.fault()) return {};
  for (std::size_t i = 0; i < request.prompts.size(); ++i) {
    list.push_back(rendered(request, i, context));
  }
  return dump(list);
}

}  // namespace troupe::engine
