#include "actors/stream/answer_reader.hpp"

#include <algorithm>
#include <limits>

#include <simdjson.h>

namespace troupe::actors {

using namespace std::string_view_literals;
namespace json = simdjson::dom;

namespace {

// One for all answers of a thread: reading is synchronous, and its buffers are most of its cost.
json::parser& thread_parser() {
  thread_local json::parser parser;
  return parser;
}

std::uint32_t count_at(const json::object& object, std::string_view key) {
  std::uint64_t value = 0;
  if (object[key].get(value) != simdjson::SUCCESS) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

usage_counts read_usage(const json::object& usage) {
  usage_counts out{count_at(usage, "prompt_tokens"), 0, count_at(usage, "completion_tokens")};
  json::object details;
  if (usage["prompt_tokens_details"].get(details) == simdjson::SUCCESS) {
    out.cached_tokens = count_at(details, "cached_tokens");
    out.cached_known = details["cached_tokens"].is_uint64();
  }
  return out;
}

bool is_filled(const json::object& object, std::string_view key) {
  json::element value;
  if (object[key].get(value) != simdjson::SUCCESS || value.is_null()) return false;
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return !text.empty();
  json::array list;
  if (value.get(list) == simdjson::SUCCESS) return list.size() != 0;
  return true;
}

// True where a choice carries something the model generated.
bool has_content(const json::object& choice) {
  if (is_filled(choice, "text") || is_filled(choice, "token_ids")) return true;
  for (auto part : {"delta"sv, "message"sv}) {
    json::object body;
    if (choice[part].get(body) != simdjson::SUCCESS) continue;
    for (auto key : {"content"sv, "reasoning_content"sv, "reasoning"sv, "tool_calls"sv}) {
      if (is_filled(body, key)) return true;
    }
  }
  return false;
}

}  // namespace

answer_reader::answer_reader(std::size_t event_bytes_max) : parser_{event_bytes_max} {}

answer_progress answer_reader::feed(std::string_view bytes) {
  answer_progress progress;
  bool sound = parser_.feed(bytes, [&](const transport::http::sse_event& event) {
    if (read_event(event.data)) ++progress.content_events;
  });
  progress.malformed = !sound;
  return progress;
}

bool answer_reader::read_event(std::string_view data) {
  if (data == "[DONE]") {
    done_ = true;
    return false;
  }
  bool content = false;
  read_json(data, content);
  return content;
}

void answer_reader::read_whole(std::string_view body) {
  bool content = false;
  read_json(body, content);
  done_ = true;
}

void answer_reader::read_json(std::string_view text, bool& content) {
  if (text.empty()) return;  // simdjson would copy from null
  json::object root;
  if (thread_parser().parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return;
  json::object usage;
  if (root["usage"].get(usage) == simdjson::SUCCESS) usage_ = read_usage(usage);
  if (is_filled(root, "error")) {
    has_error_ = true;
    done_ = true;
  }
  json::array choices;
  if (root["choices"].get(choices) != simdjson::SUCCESS) return;
  for (auto element : choices) {
    json::object choice;
    if (element.get(choice) != simdjson::SUCCESS) continue;
    if (is_filled(choice, "finish_reason")) finished_ = true;
    if (has_content(choice)) content = true;
  }
}

}  // namespace troupe::actors
