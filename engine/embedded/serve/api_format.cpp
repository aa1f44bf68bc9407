#include "engine/embedded/serve/api_format.hpp"

#include <utility>

#include "runtime/version.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// What has come so far.
json counts_of(const token_usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"completion_tokens", usage.completion_tokens}};
}

// The last word on a request, which also tells what was cached.
json to_json(const token_usage& usage) {
  auto out = counts_of(usage);
  if (usage.cached_tokens) out["prompt_tokens_details"] = {{"cached_tokens", *usage.cached_tokens}};
  return out;
}

std::string fingerprint() {
  return "troupe-" + std::string{version()};
}

json finish_of(const answer_choice& choice) {
  return choice.finish_reason.empty() ? json{} : json(choice.finish_reason);
}

// Text that is not there is null beside tool calls.
json message_of(const answer_choice& c, const std::string& role) {
  json message{{"role", role},           {"content", c.text}, {"refusal", nullptr},
               {"annotations", nullptr}, {"audio", nullptr},  {"function_call", nullptr}};
  if (!c.tool_calls.empty()) {
    if (c.text.empty()) message["content"] = nullptr;
    auto& calls = message["tool_calls"] = json::array();
    for (const auto& call : c.tool_calls) {
      calls.push_back({{"id", call.id},
                       {"type", "function"},
                       {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
  }
  message["reasoning"] = nullptr;
  return message;
}

json delta_of(const answer_choice& c) {
  if (c.tool_deltas.empty()) return {{"content", c.text}};
  auto delta = json::object();
  if (!c.text.empty()) delta["content"] = c.text;
  auto& calls = delta["tool_calls"] = json::array();
  for (const auto& d : c.tool_deltas) {
    json call{{"index", d.index}};
    auto function = json::object();
    if (!d.id.empty()) {
      call["id"] = d.id;
      call["type"] = "function";
      function["name"] = d.name;
    }
    function["arguments"] = d.arguments;
    call["function"] = std::move(function);
    calls.push_back(std::move(call));
  }
  return delta;
}

json prompt_ids(const answer_choice& choice) {
  return choice.prompt_token_ids == nullptr ? json{} : json(*choice.prompt_token_ids);
}

}  // namespace

answer_format::answer_format(const api_request& request, const tokenizer& text, identity who)
    : request_{request}, logprobs_{text, request.tokens_as_ids}, who_{std::move(who)} {
  if (request.kind == api_kind::chat) who_.id.insert(0, "chatcmpl-");
  if (request.kind == api_kind::completion) who_.id.insert(0, "cmpl-");
  if (request.kind == api_kind::tokens) who_.id.insert(0, "generate-tokens-");
}

answer_format::json answer_format::frame(bool is_chunk) const {
  switch (request_.kind) {
    case api_kind::tokens:
      return json{{"request_id", who_.id}, {"output_mode", "tokens"}};
    case api_kind::completion:
      return json{{"id", who_.id},
                  {"object", "text_completion"},
                  {"created", who_.created},
                  {"model", who_.model}};
    case api_kind::chat:
      break;
  }
  return json{{"id", who_.id},
              {"object", is_chunk ? "chat.completion.chunk" : "chat.completion"},
              {"created", who_.created},
              {"model", who_.model}};
}

answer_format::json answer_format::logprobs_of(const answer_choice& choice) const {
  if (choice.logprobs.empty() && choice.echoed_token < 0) return nullptr;
  switch (request_.kind) {
    case api_kind::completion:
      return logprobs_.completion(choice.logprobs, choice.echoed_token, choice.text_offset);
    case api_kind::chat:
      return logprobs_.chat(choice.logprobs);
    case api_kind::tokens:
      break;
  }
  return logprobs_.tokens(choice.logprobs);
}

answer_format::json answer_format::prompt_logprobs_of(const answer_choice& choice) const {
  return request_.tells_prompt_logprobs ? logprobs_.prompt(choice.prompt_logprobs) : json{};
}

answer_format::json answer_format::whole_choice(const answer_choice& c) const {
  json choice{{"index", c.index}};
  if (request_.kind == api_kind::tokens) {
    choice["logprobs"] = logprobs_of(c);
    choice["finish_reason"] = finish_of(c);
    choice["stop_reason"] = c.stop_reason;
    choice["token_ids"] = c.token_ids;
    return choice;
  }
  const bool is_chat = request_.kind == api_kind::chat;
  if (is_chat) {
    choice["message"] = message_of(c, request_.role);
  } else {
    choice["text"] = c.text;
  }
  choice["logprobs"] = logprobs_of(c);
  choice["finish_reason"] = finish_of(c);
  choice["stop_reason"] = c.stop_reason;
  choice["token_ids"] = request_.return_token_ids ? json(c.token_ids) : json{};
  if (!is_chat) {
    choice["prompt_logprobs"] = prompt_logprobs_of(c);
    choice["prompt_token_ids"] = prompt_ids(c);
  }
  return choice;
}

std::string answer_format::whole(const std::vector<answer_choice>& choices,
                                 const token_usage& usage) const {
  auto out = frame(false);
  if (request_.kind == api_kind::tokens) {
    out["model"] = who_.model;
    out["created"] = who_.created;
  }
  auto& list = out["choices"] = json::array();
  for (const auto& c : choices) list.push_back(whole_choice(c));
  if (request_.kind != api_kind::tokens) {
    out["service_tier"] = nullptr;
    out["system_fingerprint"] = fingerprint();
  }
  out["usage"] = to_json(usage);
  if (request_.kind != api_kind::completion) {
    out["prompt_logprobs"] = prompt_logprobs_of(choices.front());
  }
  if (request_.kind == api_kind::chat) out["prompt_token_ids"] = prompt_ids(choices.front());
  out["kv_transfer_params"] = nullptr;
  return dump(out);
}

std::string answer_format::event(json chunk, json choice, const token_usage* usage) const {
  chunk["choices"] = json::array({std::move(choice)});
  if (usage != nullptr) chunk["usage"] = counts_of(*usage);
  return "data: " + dump(chunk) + "\n\n";
}

std::string answer_format::opening(const answer_choice& choice, const token_usage* usage) const {
  json out{{"index", choice.index},
           {"delta", {{"role", request_.role}, {"content", ""}}},
           {"logprobs", nullptr},
           {"finish_reason", nullptr}};
  auto chunk = frame(true);
  if (choice.prompt_token_ids != nullptr) chunk["prompt_token_ids"] = prompt_ids(choice);
  return event(std::move(chunk), std::move(out), usage);
}

std::string answer_format::piece(const answer_choice& choice, const token_usage* usage) const {
  const auto kind = request_.kind;
  json out{{"index", choice.index}};
  if (kind == api_kind::chat) {
    out["delta"] = delta_of(choice);
  } else if (kind == api_kind::completion) {
    out["text"] = choice.text;
  }
  out["logprobs"] = logprobs_of(choice);
  out["finish_reason"] = finish_of(choice);
  const bool shows_stop = kind != api_kind::chat || !choice.finish_reason.empty();
  if (shows_stop) out["stop_reason"] = choice.stop_reason;
  if (request_.return_token_ids) {
    if (kind == api_kind::completion) out["prompt_token_ids"] = prompt_ids(choice);
    out["token_ids"] = choice.token_ids;
  }
  auto chunk = frame(true);
  // It stands in the last chunk, which may be that of the usage.
  const bool is_last = !choice.finish_reason.empty() && !request_.include_usage;
  if (kind != api_kind::tokens && is_last) chunk["system_fingerprint"] = fingerprint();
  return event(std::move(chunk), std::move(out), usage);
}

std::string answer_format::closing(const token_usage& usage) const {
  auto out = frame(true);
  out["choices"] = json::array();
  out["usage"] = to_json(usage);
  if (request_.kind != api_kind::tokens) out["system_fingerprint"] = fingerprint();
  return "data: " + dump(out) + "\n\n";
}

}  // namespace troupe::engine
