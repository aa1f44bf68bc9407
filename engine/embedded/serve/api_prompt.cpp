#include "engine/embedded/serve/api_prompt.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "engine/embedded/grammar/json_schema.hpp"
#include "runtime/clock.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

// Marks where a message to be continued ends, in the private use area of Unicode.
constexpr std::string_view end_mark = "\xEE\x80\x80\xEE\x80\x81\xEE\x80\x82";

// Joins the text parts of a content list as vLLM does; nothing (and a fault) for other parts.
std::optional<std::string> join_parts(field_reader& fields, const json& parts,
                                      const std::string& where) {
  std::string joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts[i];
    const auto name = where + "[" + std::to_string(i) + "]";
    if (!part.is_object() || !part.contains("type") || !part["type"].is_string()) {
      fields.refuse("messages", name + " must be an object with a type");
      return std::nullopt;
    }
    if (part["type"] != "text") {
      fields.refuse(
          "messages",
          name + ": content of type " + part["type"].dump() + " is not supported by this engine",
          errc::unsupported);
      return std::nullopt;
    }
    if (!part.contains("text") || !part["text"].is_string()) {
      fields.refuse("messages", name + ".text must be a string");
      return std::nullopt;
    }
    if (i > 0) joined += '\n';
    joined += part["text"].get_ref<const std::string&>();
  }
  return joined;
}

// Templates expect the arguments of a tool call as an object; the API carries them as a string.
// Returns what is wrong with the call; empty: nothing.
std::string open_arguments(json& call) {
  if (!call.is_object() || !call.contains("function") || !call["function"].is_object()) {
    return " must be an object with a function";
  }
  auto& function = call["function"];
  if (!function.contains("name") || !function["name"].is_string()) {
    return ".function.name must be a string";
  }
  auto& arguments = function["arguments"];  // null where they are missing
  if (arguments.is_null() || arguments == "") arguments = json::object();
  if (arguments.is_object()) return {};
  if (arguments.is_string()) {
    auto opened = json::parse(arguments.get_ref<const std::string&>(), nullptr, false);
    if (opened.is_object() && !json_schema::is_too_deep(opened)) {
      arguments = std::move(opened);
      return {};
    }
  }
  return ".function.arguments must be a JSON object, as text";
}

void open_calls(field_reader& fields, json& message, const std::string& where) {
  const auto calls = message.find("tool_calls");
  if (calls == message.end() || calls->is_null()) return;
  if (!calls->is_array()) {
    return fields.refuse("messages", where + ".tool_calls must be a list");
  }
  for (std::size_t i = 0; i < calls->size(); ++i) {
    const auto mistake = open_arguments((*calls)[i]);
    if (mistake.empty()) continue;
    return fields.refuse("messages", where + ".tool_calls[" + std::to_string(i) + "]" + mistake);
  }
}

json read_messages(field_reader& fields) {
  const auto* list = fields.find("messages");
  if (list == nullptr || !list->is_array() || list->empty()) {
    fields.refuse("messages", "messages must be a list of at least one message");
    return {};
  }
  auto messages = *list;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto& message = messages[i];
    const auto where = "messages[" + std::to_string(i) + "]";
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
      fields.refuse("messages", where + " must be an object with a role");
      return {};
    }
    auto& content = message["content"];
    if (content.is_null()) {  // as beside tool calls; templates join it to other text
      content = "";
    } else if (content.is_array()) {
      auto joined = join_parts(fields, content, where + ".content");
      if (!joined) return {};
      content = std::move(*joined);
    } else if (!content.is_string()) {
      fields.refuse("messages", where + ".content must be a string or a list of parts");
      return {};
    }
    open_calls(fields, message, where);
  }
  return messages;
}

json template_variables(field_reader& fields, const api_context& context) {
  json variables = json::object();
  if (const auto* extra = fields.find("chat_template_kwargs")) {
    if (extra->is_object()) {
      variables = *extra;
    } else {
      fields.refuse("chat_template_kwargs", "chat_template_kwargs must be an object");
    }
  }
  variables["messages"] = read_messages(fields);
  variables["add_generation_prompt"] = fields.flag("add_generation_prompt", true);
  for (const auto* name : {"tools", "documents"}) {
    const auto* list = fields.find(name);
    if (list != nullptr && !list->is_array()) {
      fields.refuse(name, std::string{name} + " must be a list");
    }
    variables[name] = list == nullptr || list->empty() ? json{} : *list;
  }
  const auto spelt = [&](token_id id) {
    return id < 0 ? std::string{} : std::string{context.text->piece(id)};
  };
  variables["bos_token"] = spelt(context.text->bos());
  variables["now_unix_s"] = unix_seconds();
  variables["eos_token"] = spelt(context.text->eos());
  return variables;
}

// Whether the last message is to be continued; marks its end if so.
bool mark_final_message(field_reader& fields, json& messages) {
  if (!fields.flag("continue_final_message", false)) return false;
  if (fields.flag("add_generation_prompt", true)) {
    fields.refuse("continue_final_message",
                  "Cannot set both `continue_final_message` and `add_generation_prompt` to True.");
    return false;
  }
  auto& content = messages.back()["content"];
  if (content == "") {
    fields.refuse("continue_final_message",
                  "continue_final_message: the last message has no content");
    return false;
  }
  content.get_ref<std::string&>() += end_mark;
  return true;
}

// Cuts a rendered chat where the message to be continued ends.
void cut_at_mark(field_reader& fields, std::string& rendered) {
  const auto at = rendered.rfind(end_mark);
  if (at == std::string::npos) {
    fields.refuse("continue_final_message",
                  "continue_final_message: the template does not show the last message");
    return;
  }
  rendered.resize(at);
}

bool all_numbers(const json& list) {
  for (const auto& entry : list) {
    if (!entry.is_number()) return false;
  }
  return true;
}

// One prompt: text, or a list of token ids.
void encode_one(field_reader& fields, const json& prompt, const api_context& context,
                encoded_prompts& out) {
  if (prompt.is_string()) {
    const auto& text = prompt.get_ref<const std::string&>();
    out.tokens.push_back(context.text->encode(text, true, fields.flag("add_special_tokens", true)));
    out.texts.push_back(text);
  } else {
    out.tokens.push_back(fields.to_token_ids("prompt", prompt, context.text->vocab_size()));
    out.texts.push_back(context.text->decode(out.tokens.back(), false));
  }
  if (out.tokens.back().empty()) fields.refuse("prompt", "prompt must hold at least one token");
}

}  // namespace

encoded_prompts encode_messages(field_reader& fields, const api_context& context) {
  if (context.chat == nullptr) {
    fields.refuse("messages",
                  "the model's file holds no chat template, so it cannot chat: use "
                  "/v1/completions");
    return {};
  }
  auto variables = template_variables(fields, context);
  if (fields.fault()) return {};
  const bool continues = mark_final_message(fields, variables["messages"]);
  if (fields.fault()) return {};
  auto rendered = context.chat->render(variables);
  if (!rendered) {
    fields.refuse("messages", failure_text(rendered.error()),
                  failure_code(rendered.error(), errc::invalid_request));
    return {};
  }
  if (continues) cut_at_mark(fields, *rendered);
  // The template itself writes the control tokens, the first one included.
  encoded_prompts out;
  out.tokens.push_back(
      context.text->encode(*rendered, true, fields.flag("add_special_tokens", false)));
  if (out.tokens.back().empty()) fields.refuse("messages", "messages render to an empty prompt");
  out.texts.push_back(std::move(*rendered));
  return out;
}

encoded_prompts take_token_ids(field_reader& fields, const api_context& context) {
  encoded_prompts out;
  out.tokens.push_back(fields.token_ids("token_ids", context.text->vocab_size()));
  out.texts.emplace_back();
  if (out.tokens.back().empty()) {
    fields.refuse("token_ids", "token_ids must hold at least one token");
  }
  return out;
}

encoded_prompts encode_prompts(field_reader& fields, const api_context& context) {
  encoded_prompts out;
  const auto* prompt = fields.find("prompt");
  const bool is_list = prompt != nullptr && prompt->is_array() && !prompt->empty();
  if (prompt == nullptr || (!prompt->is_string() && !is_list)) {
    fields.refuse("prompt",
                  "prompt must be a string, a list of strings, a list of token ids or a list of "
                  "such lists, none empty");
    return out;
  }
  if (!is_list || all_numbers(*prompt)) {
    encode_one(fields, *prompt, context, out);
    return out;
  }
  const auto count_max = context.limits.queued_requests_max;
  if (prompt->size() > count_max) {
    fields.refuse("prompt", "prompt must hold at most " + std::to_string(count_max) +
                                " prompts, got " + std::to_string(prompt->size()));
    return out;
  }
  for (const auto& entry : *prompt) {
    encode_one(fields, entry, context, out);
    if (fields.fault()) return out;
  }
  return out;
}

}  // namespace troupe::engine
