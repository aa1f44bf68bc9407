#include "apps/bench/streamed_answer.hpp"

#include <algorithm>
#include <limits>

#include <simdjson.h>

namespace troupe::apps::bench {

namespace {

namespace json = simdjson::dom;

constexpr std::size_t error_bytes_max = 300;

// False for what is no JSON object. An empty text may lie at null, which simdjson would copy from.
bool parse(json::parser& parser, std::string_view text, json::object& out) {
  return !text.empty() && parser.parse(text.data(), text.size()).get(out) == simdjson::SUCCESS;
}

std::uint32_t count_at(const json::object& object, const char* key) {
  std::uint64_t value = 0;
  if (object[key].get(value) != simdjson::SUCCESS) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

void take_usage(const json::object& answer, told_usage& usage) {
  json::object told;
  if (answer["usage"].get(told) != simdjson::SUCCESS) return;
  usage.is_told = true;
  usage.prompt_tokens = count_at(told, "prompt_tokens");
  usage.answer_tokens = count_at(told, "completion_tokens");
  json::object details;
  if (told["prompt_tokens_details"].get(details) != simdjson::SUCCESS) return;
  if (!details["cached_tokens"].is_uint64()) return;
  usage.is_cache_told = true;
  usage.cached_tokens = count_at(details, "cached_tokens");
}

// One line of bounded length, whatever came.
std::string shortened(std::string_view text) {
  std::string line{text.substr(0, error_bytes_max)};
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return line;
}

std::string error_of(const json::object& answer) {
  json::element error;
  if (answer["error"].get(error) != simdjson::SUCCESS || error.is_null()) return {};
  std::string_view text;
  if (error.get(text) == simdjson::SUCCESS) return shortened(text);
  json::object object;
  if (error.get(object) == simdjson::SUCCESS && object["message"].get(text) == simdjson::SUCCESS &&
      !text.empty()) {
    return shortened(text);
  }
  return "an error without a message";
}

bool is_list(const json::object& object, const char* key) {
  json::array list;
  return object[key].get(list) == simdjson::SUCCESS && list.size() != 0;
}

// Appends the content of a choice; true where it holds something the model generated.
bool take_content(const json::object& choice, std::string& text) {
  std::string_view piece;
  if (choice["text"].get(piece) == simdjson::SUCCESS && !piece.empty()) {
    text += piece;
    return true;
  }
  json::object delta;
  if (choice["delta"].get(delta) != simdjson::SUCCESS) return is_list(choice, "token_ids");
  bool found = is_list(delta, "tool_calls") || is_list(choice, "token_ids");
  for (const char* key : {"reasoning_content", "reasoning"}) {
    found |= delta[key].get(piece) == simdjson::SUCCESS && !piece.empty();
  }
  if (delta["content"].get(piece) == simdjson::SUCCESS && !piece.empty()) {
    text += piece;
    found = true;
  }
  return found;
}

}  // namespace

struct streamed_answer::json_state {
  json::parser parser;
};

streamed_answer::streamed_answer()
    : parser_{event_bytes_max}, json_{std::make_unique<json_state>()} {}

streamed_answer::~streamed_answer() = default;

std::uint32_t streamed_answer::feed(std::string_view bytes) {
  std::uint32_t events = 0;
  const bool sound = parser_.feed(bytes, [&](const transport::http::sse_event& event) {
    if (read_event(event.data)) ++events;
  });
  if (!sound || text_.size() > text_bytes_max) is_broken_ = true;
  return events;
}

bool streamed_answer::read_event(std::string_view data) {
  if (data == "[DONE]") {
    is_finished_ = true;
    return false;
  }
  json::object answer;
  if (!parse(json_->parser, data, answer)) {
    is_broken_ = true;
    return false;
  }
  take_usage(answer, usage_);
  if (error_.empty()) error_ = error_of(answer);
  json::array choices;
  if (answer["choices"].get(choices) != simdjson::SUCCESS) return false;
  bool has_content = false;
  for (const json::element element : choices) {
    json::object choice;
    if (element.get(choice) != simdjson::SUCCESS) continue;
    has_content |= take_content(choice, text_);
    if (choice["finish_reason"].is_string()) is_finished_ = true;
  }
  return has_content;
}

told_usage read_usage(std::string_view body) {
  told_usage usage;
  json::parser parser;
  json::object answer;
  if (parse(parser, body, answer)) {
    take_usage(answer, usage);
  }
  return usage;
}

std::string read_error(std::string_view body) {
  json::parser parser;
  json::object answer;
  if (parse(parser, body, answer)) {
    if (std::string text = error_of(answer); !text.empty()) return text;
  }
  return shortened(body);
}

std::string read_first_model(std::string_view body) {
  json::parser parser;
  json::object answer;
  json::array models;
  if (!parse(parser, body, answer)) return {};
  if (answer["data"].get(models) != simdjson::SUCCESS) return {};
  for (const json::element model : models) {
    std::string_view id;
    if (model["id"].get(id) == simdjson::SUCCESS && !id.empty()) return std::string{id};
  }
  return {};
}

}  // namespace troupe::apps::bench
