#include "engine/embedded/serve/api_format.hpp"

#include <utility>

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json to_json(const token_usage& usage) {
  json out{{"prompt_tokens", usage.prompt_tokens},
           {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
           {"completion_tokens", usage.completion_tokens}};
  if (usage.cached_tokens) out["prompt_tokens_details"] = {{"cached_tokens", *usage.cached_tokens}};
  return out;
}

json finish_of(const answer_choice& choice) {
  return choice.finish_reason.empty() ? json{} : json(choice.finish_reason);
}

json prompt_ids(const answer_choice& choice) {
  return choice.prompt_token_ids == nullptr ? json{} : json(*choice.prompt_token_ids);
}

}  // namespace

answer_format::answer_format(api_kind kind, bool shows_tokens, identity who)
    : kind_{kind}, shows_tokens_{shows_tokens}, who_{std::move(who)} {
  who_.id.insert(0, kind == api_kind::chat ? "chatcmpl-" : "cmpl-");
}

answer_format::json answer_format::frame(const char* object) const {
  return json{
      {"id", who_.id}, {"object", object}, {"created", who_.created}, {"model", who_.model}};
}

std::string answer_format::whole(const std::vector<answer_choice>& choices,
                                 const token_usage& usage) const {
  const bool is_chat = kind_ == api_kind::chat;
  auto out = frame(is_chat ? "chat.completion" : "text_completion");
  auto& list = out["choices"] = json::array();
  for (const auto& c : choices) {
    json choice{{"index", c.index}};
    if (is_chat) {
      choice["message"] = {{"role", "assistant"}, {"content", c.text},
                           {"refusal", nullptr},  {"annotations", nullptr},
                           {"audio", nullptr},    {"function_call", nullptr},
                           {"reasoning", nullptr}};
    } else {
      choice["text"] = c.text;
    }
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = finish_of(c);
    choice["stop_reason"] = c.stop_reason;
    choice["token_ids"] = shows_tokens_ ? json(c.token_ids) : json{};
    if (!is_chat) {
      choice["prompt_logprobs"] = nullptr;
      choice["prompt_token_ids"] = prompt_ids(c);
    }
    list.push_back(std::move(choice));
  }
  out["service_tier"] = nullptr;
  out["system_fingerprint"] = nullptr;
  out["usage"] = to_json(usage);
  if (is_chat) {
    out["prompt_logprobs"] = nullptr;
    out["prompt_token_ids"] = prompt_ids(choices.front());
  }
  out["kv_transfer_params"] = nullptr;
  return dump(out);
}

std::string answer_format::event(json chunk, json choice, const token_usage* usage) const {
  chunk["choices"] = json::array({std::move(choice)});
  if (usage != nullptr) chunk["usage"] = to_json(*usage);
  return "data: " + dump(chunk) + "\n\n";
}

std::string answer_format::opening(const answer_choice& choice, const token_usage* usage) const {
  json out{{"index", choice.index},
           {"delta", {{"role", "assistant"}, {"content", ""}}},
           {"logprobs", nullptr},
           {"finish_reason", nullptr}};
  auto chunk = frame("chat.completion.chunk");
  if (choice.prompt_token_ids != nullptr) chunk["prompt_token_ids"] = prompt_ids(choice);
  return event(std::move(chunk), std::move(out), usage);
}

std::string answer_format::piece(const answer_choice& choice, const token_usage* usage) const {
  const bool is_chat = kind_ == api_kind::chat;
  json out{{"index", choice.index}};
  if (is_chat) {
    out["delta"] = {{"content", choice.text}};
  } else {
    out["text"] = choice.text;
  }
  out["logprobs"] = nullptr;
  out["finish_reason"] = finish_of(choice);
  if (!is_chat || !choice.finish_reason.empty()) out["stop_reason"] = choice.stop_reason;
  if (shows_tokens_) {
    if (!is_chat) out["prompt_token_ids"] = prompt_ids(choice);
    out["token_ids"] = choice.token_ids;
  }
  return event(frame(is_chat ? "chat.completion.chunk" : "text_completion"), std::move(out), usage);
}

std::string answer_format::closing(const token_usage& usage) const {
  auto out = frame(kind_ == api_kind::chat ? "chat.completion.chunk" : "text_completion");
  out["choices"] = json::array();
  out["usage"] = to_json(usage);
  return "data: " + dump(out) + "\n\n";
}

}  // namespace troupe::engine
