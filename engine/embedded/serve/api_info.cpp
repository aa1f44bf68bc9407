#include "engine/embedded/serve/api_info.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "engine/embedded/serve/api_prompt.hpp"
#include "engine/embedded/serve/api_request.hpp"
#include "runtime/version.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string models_body(const api_context& context) {
  const json permission{{"id", "modelperm-" + context.model_name},
                        {"object", "model_permission"},
                        {"created", context.created},
                        {"allow_create_engine", false},
                        {"allow_sampling", true},
                        {"allow_logprobs", true},
                        {"allow_search_indices", false},
                        {"allow_view", true},
                        {"allow_fine_tuning", false},
                        {"organization", "*"},
                        {"group", nullptr},
                        {"is_blocking", false}};
  json card{{"id", context.model_name},
            {"object", "model"},
            {"created", context.created},
            {"owned_by", "troupe"},
            {"root", context.model_name},
            {"parent", nullptr},
            {"max_model_len", context.context_tokens_max}};
  if (!context.time_profile.empty()) card["modelled"] = context.time_profile;
  card["permission"] = json::array({permission});
  json list{{"object", "list"}};
  list["data"] = json::array({card});
  return dump(list);
}

std::string tokenize_body(field_reader& fields, const api_context& context) {
  check_model(fields, context);
  std::vector<std::int32_t> tokens;
  if (fields.find("messages") != nullptr) {
    auto encoded = encode_messages(fields, context);
    if (!encoded.tokens.empty()) tokens = std::move(encoded.tokens.front());
  } else if (const auto* prompt = fields.find("prompt"); prompt != nullptr && prompt->is_string()) {
    tokens = context.text->encode(prompt->get_ref<const std::string&>(), true,
                                  fields.flag("add_special_tokens", true));
  } else {
    fields.refuse("prompt", "prompt must be a string, or messages must be given");
  }
  json out{{"count", tokens.size()}, {"max_model_len", context.context_tokens_max}};
  out["tokens"] = tokens;
  out["token_strs"] = nullptr;
  if (fields.flag("return_token_strs", false)) {
    auto& pieces = out["token_strs"] = json::array();
    for (const auto token : tokens) pieces.push_back(context.text->piece(token));
  }
  return dump(out);
}

std::string detokenize_body(field_reader& fields, const api_context& context) {
  check_model(fields, context);
  if (fields.find("tokens") == nullptr) fields.refuse("tokens", "tokens must be given");
  const auto tokens = fields.token_ids("tokens", context.text->vocab_size());
  return dump(json{{"prompt", context.text->decode(tokens, false)}});
}

std::string version_body() {
  return dump(json{{"version", version()}});
}

std::string load_body(const api_context& context) {
  return dump(json{{"server_load", context.engine->in_flight()}});
}

}  // namespace troupe::engine
