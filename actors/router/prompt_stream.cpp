#include "actors/router/prompt_stream.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "actors/router/json_text.hpp"

namespace troupe::actors {
namespace {

using ondemand::json_type;

// Frames of the canonical stream; none is a byte of UTF-8.
constexpr char message_frame = '\xf8';
constexpr char name_frame = '\xf9';
constexpr char content_frame = '\xfa';
constexpr char tool_calls_frame = '\xfb';
constexpr char media_frame = '\xfc';
constexpr char tools_frame = '\xfd';
constexpr char string_frame = '\xfe';
constexpr char end_frame = '\xff';

// Position of the last field of each name in a message, counted from 1; 0 where there is none.
struct message_fields {
  std::size_t role = 0;
  std::size_t name = 0;
  std::size_t content = 0;
  std::size_t tool_calls = 0;
};

std::optional<json_type> type_of(ondemand::value& value) {
  json_type type;
  if (value.type().get(type)) return std::nullopt;
  return type;
}

bool feed_literal(std::string_view literal, prompt_feed& out) {
  if (literal.size() > out.longest.size()) out.longest = literal;
  return feed_json_text(literal, out.hash);
}

feed_result feed_text(ondemand::value& value, prompt_feed& out) {
  return feed_literal(string_literal(value, out.text), out) ? feed_result::ok
                                                            : feed_result::malformed;
}

std::string_view trimmed(std::string_view token) {
  const auto last = token.find_last_not_of(" \t\r\n");
  return token.substr(0, last + 1);
}

feed_result feed_json(ondemand::value& value, prompt_feed& out, int depth);

feed_result feed_json_object(ondemand::value& value, prompt_feed& out, int depth) {
  ondemand::object object;
  if (value.get_object().get(object)) return feed_result::malformed;
  out.hash.feed('{');
  for (auto item : object) {
    ondemand::field field;
    if (std::move(item).get(field)) return feed_result::malformed;
    const auto key = key_literal(field.key(), out.text);
    if (json_text_equals(key, "id")) continue;  // of a tool call: made up anew, rarely rendered
    out.hash.feed(string_frame);
    if (!feed_literal(key, out)) return feed_result::malformed;
    out.hash.feed(string_frame);
    if (const auto fed = feed_json(field.value(), out, depth + 1); fed != feed_result::ok) {
      return fed;
    }
  }
  out.hash.feed('}');
  return feed_result::ok;
}

feed_result feed_json_array(ondemand::value& value, prompt_feed& out, int depth) {
  ondemand::array array;
  if (value.get_array().get(array)) return feed_result::malformed;
  out.hash.feed('[');
  for (auto item : array) {
    ondemand::value element;
    if (std::move(item).get(element)) return feed_result::malformed;
    if (const auto fed = feed_json(element, out, depth + 1); fed != feed_result::ok) return fed;
    out.hash.feed(',');
  }
  out.hash.feed(']');
  return feed_result::ok;
}

// Feeds any JSON value without its white space and escapes; numbers as they are spelled.
feed_result feed_json(ondemand::value& value, prompt_feed& out, int depth) {
  if (depth > json_depth_max) return feed_result::too_deep;
  const auto type = type_of(value);
  if (!type) return feed_result::malformed;
  switch (*type) {
    case json_type::object:
      return feed_json_object(value, out, depth);
    case json_type::array:
      return feed_json_array(value, out, depth);
    case json_type::string: {
      out.hash.feed(string_frame);
      const auto fed = feed_text(value, out);
      out.hash.feed(string_frame);
      return fed;
    }
    default:
      out.hash.feed(trimmed(value.raw_json_token()));
      return feed_result::ok;
  }
}

// Feeds a list of token ids as four bytes each; what is no id ends the prompt for routing.
feed_result feed_token_ids(ondemand::array& ids, prompt_feed& out, std::uint32_t& tokens) {
  for (auto item : ids) {
    ondemand::value element;
    if (std::move(item).get(element)) return feed_result::malformed;
    std::uint64_t id = 0;
    if (element.get_uint64().get(id) || id > UINT32_MAX) return feed_result::ok;
    std::array<char, 4> bytes;
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(id >> (8 * i));
    out.hash.feed({bytes.data(), bytes.size()});
    ++tokens;
  }
  return feed_result::ok;
}

// Feeds one part of a message's content; text parts after the first start with a line feed.
feed_result feed_part(ondemand::value& part, prompt_feed& out, bool& had_text) {
  const auto type = type_of(part);
  if (!type) return feed_result::malformed;
  if (*type != json_type::object) return feed_json(part, out, 0);
  ondemand::object object;
  if (part.get_object().get(object)) return feed_result::malformed;
  bool is_text = false;
  std::string_view text;
  for (auto item : object) {
    ondemand::field field;
    if (std::move(item).get(field)) return feed_result::malformed;
    const auto key = key_literal(field.key(), out.text);
    const auto kind = type_of(field.value());
    if (!kind) return feed_result::malformed;
    if (*kind != json_type::string) continue;
    const auto literal = string_literal(field.value(), out.text);
    if (json_text_equals(key, "type")) is_text = json_text_equals(literal, "text");
    if (json_text_equals(key, "text")) text = literal;
  }
  if (is_text) {
    if (std::exchange(had_text, true)) out.hash.feed('\n');
    return feed_literal(text, out) ? feed_result::ok : feed_result::malformed;
  }
  if (object.reset().error()) return feed_result::malformed;
  out.hash.feed(media_frame);
  prefix_hash digest{hash_seed{}};
  prompt_feed media{out.text, digest, out.longest};
  for (auto item : object) {
    ondemand::field field;
    if (std::move(item).get(field)) return feed_result::malformed;
    digest.feed(key_literal(field.key(), out.text));
    digest.feed(string_frame);
    const auto fed = feed_json(field.value(), media, 0);
    if (fed != feed_result::ok) return fed;
  }
  out.longest = media.longest;
  out.hash.feed(std::to_string(digest.digest()));
  return feed_result::ok;
}

feed_result feed_content(ondemand::value& content, prompt_feed& out) {
  const auto type = type_of(content);
  if (!type) return feed_result::malformed;
  if (*type == json_type::string) return feed_text(content, out);
  if (*type != json_type::array) return feed_json(content, out, 0);
  ondemand::array parts;
  if (content.get_array().get(parts)) return feed_result::malformed;
  bool had_text = false;
  for (auto item : parts) {
    ondemand::value part;
    if (std::move(item).get(part)) return feed_result::malformed;
    if (const auto fed = feed_part(part, out, had_text); fed != feed_result::ok) return fed;
  }
  return feed_result::ok;
}

std::optional<message_fields> locate_fields(ondemand::object& message, const json_outline& text) {
  message_fields found;
  std::size_t at = 0;
  for (auto item : message) {
    ondemand::field field;
    if (std::move(item).get(field)) return std::nullopt;
    const auto key = key_literal(field.key(), text);
    ++at;
    if (json_text_equals(key, "role")) found.role = at;
    if (json_text_equals(key, "name")) found.name = at;
    if (json_text_equals(key, "content")) found.content = at;
    if (json_text_equals(key, "tool_calls")) found.tool_calls = at;
  }
  return found;
}

// Calls feed(value) for the at-th field of a message, counted from 1.
template <class Feed>
feed_result feed_field(ondemand::object& message, std::size_t at, Feed&& feed) {
  if (message.reset().error()) return feed_result::malformed;
  for (auto item : message) {
    ondemand::field field;
    if (std::move(item).get(field)) return feed_result::malformed;
    if (--at == 0) return feed(field.value());
  }
  return feed_result::malformed;
}

feed_result feed_message(ondemand::object& message, prompt_feed& out) {
  const auto found = locate_fields(message, out.text);
  if (!found) return feed_result::malformed;
  const auto as_json = [&out](ondemand::value& value) { return feed_json(value, out, 0); };
  const auto as_content = [&out](ondemand::value& value) { return feed_content(value, out); };
  auto fed = feed_result::ok;
  const auto part = [&](char frame, std::size_t at, const auto& feed) {
    if (fed != feed_result::ok || at == 0) return;
    out.hash.feed(frame);
    fed = feed_field(message, at, feed);
  };
  part(message_frame, found->role, as_content);
  part(name_frame, found->name, as_content);
  part(content_frame, found->content, as_content);
  part(tool_calls_frame, found->tool_calls, as_json);
  out.hash.feed(end_frame);
  return fed;
}

}  // namespace

std::string_view key_literal(ondemand::raw_json_string key, const json_outline& text) {
  const char* const begin = key.raw();
  const char* end = begin;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  return text.original({begin, static_cast<std::size_t>(end - begin)});
}

std::string_view string_literal(ondemand::value& value, const json_outline& text) {
  const std::string_view token = value.raw_json_token();
  return text.original(token.substr(1, token.rfind('"') - 1));
}

feed_result feed_prompt(ondemand::value& prompt, prompt_feed& out, std::uint32_t& tokens) {
  const auto type = type_of(prompt);
  if (!type) return feed_result::malformed;
  if (*type == json_type::string) return feed_text(prompt, out);
  if (*type != json_type::array) return feed_result::ok;
  ondemand::array list;
  if (prompt.get_array().get(list)) return feed_result::malformed;
  for (auto item : list) {
    ondemand::value first;
    if (std::move(item).get(first)) return feed_result::malformed;
    const auto kind = type_of(first);
    if (!kind) return feed_result::malformed;
    if (*kind == json_type::string) return feed_text(first, out);
    if (*kind != json_type::array) break;
    ondemand::array ids;
    if (first.get_array().get(ids)) return feed_result::malformed;
    return feed_token_ids(ids, out, tokens);
  }
  if (list.reset().error()) return feed_result::malformed;
  return feed_token_ids(list, out, tokens);
}

feed_result feed_tools(ondemand::value& tools, prompt_feed& out) {
  const auto type = type_of(tools);
  if (!type) return feed_result::malformed;
  if (*type != json_type::array) return feed_result::ok;
  ondemand::array list;
  if (tools.get_array().get(list)) return feed_result::malformed;
  for (auto item : list) {
    ondemand::value tool;
    if (std::move(item).get(tool)) return feed_result::malformed;
    out.hash.feed(tools_frame);
    if (const auto fed = feed_json(tool, out, 0); fed != feed_result::ok) return fed;
  }
  return feed_result::ok;
}

feed_result feed_messages(ondemand::value& messages, prompt_feed& out) {
  const auto type = type_of(messages);
  if (!type) return feed_result::malformed;
  if (*type != json_type::array) return feed_result::ok;
  ondemand::array list;
  if (messages.get_array().get(list)) return feed_result::malformed;
  for (auto item : list) {
    ondemand::value element;
    if (std::move(item).get(element)) return feed_result::malformed;
    ondemand::object message;
    if (element.get_object().get(message)) return feed_result::ok;
    if (const auto fed = feed_message(message, out); fed != feed_result::ok) return fed;
  }
  return feed_result::ok;
}

}  // namespace troupe::actors
