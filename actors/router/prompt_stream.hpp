// Feeds parts of a parsed body to the prompt hash, in the order and form an engine renders them.
//
// The canonical stream is the text the engine sees, framed by bytes that never occur in UTF-8
// (0xf8-0xff), so that no text can pass for a frame. Text parts of a message are joined by a line
// feed, like engines that render them into one string; other parts count as a digest.
//
// Internal to prompt_reader.
#pragma once

#include <string_view>

#include <simdjson.h>

#include "actors/router/json_outline.hpp"
#include "actors/router/prefix_hash.hpp"

namespace troupe::actors {

namespace ondemand = simdjson::ondemand;

// Why feeding stopped.
enum class feed_result : std::uint8_t {
  ok,
  malformed,  // not JSON
  too_deep,   // nested beyond json_depth_max
};

inline constexpr int json_depth_max = 64;

// What a prompt is fed to.
struct prompt_feed {
  const json_outline& text;  // of the body; what is fed was parsed from it
  prefix_hash& hash;
  std::string_view longest{};  // of the string literals fed; text.position() says where it lies
};

// Return the bytes between the quotes of a key and of a string value, as the body has them.
std::string_view key_literal(ondemand::raw_json_string key, const json_outline& text);
std::string_view string_literal(ondemand::value& value, const json_outline& text);

// Feeds one prompt of a completion request: a string, or a list of which the first counts. Sets
// tokens where it came as token ids.
feed_result feed_prompt(ondemand::value& prompt, prompt_feed& out, std::uint32_t& tokens);

// Feeds `tools`: a list of JSON objects.
feed_result feed_tools(ondemand::value& tools, prompt_feed& out);

// Feeds `messages`: each as role, name, content, tool calls.
feed_result feed_messages(ondemand::value& messages, prompt_feed& out);

}  // namespace troupe::actors
