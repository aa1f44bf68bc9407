#include "engine/embedded/grammar/tool_call_parser.hpp"

#include <algorithm>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view open_marker = "<tool_call>";
constexpr std::string_view close_marker = "</tool_call>";
constexpr std::size_t header_bytes_max = 1024;  // a longer one is read once it is whole
constexpr std::string_view spaces = " \t\r\n";

const json_grammar& object_grammar() {
  static const auto grammar = [] {
    auto made = json_grammar::compile(json_schema::any_object(), white_space::any);
    TROUPE_ASSERT(made.engaged());
    return std::move(*made);
  }();
  return grammar;
}

bool is_space(char c) {
  return spaces.find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  return text;
}

bool is_arguments_key(std::string_view key) {
  return key == "arguments" || key == "parameters";
}

// Returns a call's name and arguments from its whole object; an empty name where it is no call.
tool_call read_object(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object() || json_schema::is_too_deep(object)) return {};
  tool_call call;
  for (const auto& [key, value] : object.items()) {
    if (key == "name" && value.is_string()) call.name = value.get<std::string>();
    if (!is_arguments_key(key)) continue;
    if (value.is_object()) call.arguments = value.dump();
    if (value.is_string() && json::parse(value.get<std::string>(), nullptr, false).is_object()) {
      call.arguments = value.get<std::string>();
    }
  }
  return call.arguments.empty() ? tool_call{} : call;
}

}  // namespace

tool_call_parser::tool_call_parser(tool_format format) : format_{std::move(format)} {}

std::vector<tool_piece> tool_call_parser::push(std::string_view text) {
  for (const char c : text) read(c);
  return std::exchange(out_, {});
}

std::vector<tool_piece> tool_call_parser::finish() {
  if (phase_ == phase::arguments || phase_ == phase::trailer) {
    break_off();
  } else if (phase_ == phase::header) {
    give_up();
  } else if (!follows_call_ || held_.find_first_not_of(" \t\r\n,;") != std::string::npos) {
    emit(tool_piece::kind::content, held_);
  }
  held_.clear();
  phase_ = phase::plain;
  return std::exchange(out_, {});
}

void tool_call_parser::read(char c) {
  if (format_.syntax == tool_syntax::arguments) {
    if (next_index_ == 0) start_call(format_.name);
    return emit(tool_piece::kind::arguments, {&c, 1});
  }
  const bool is_hermes = format_.syntax == tool_syntax::hermes;
  switch (phase_) {
    case phase::content:
      return is_hermes ? read_marker(c) : read_opening(c);
    case phase::header:
      return read_header(c);
    case phase::arguments:
      return read_arguments(c);
    case phase::trailer:
      return read_trailer(c);
    case phase::after:
      return is_hermes ? read_closing_marker(c) : read_separator(c);
    case phase::plain:
      return emit(tool_piece::kind::content, {&c, 1});
  }
}

void tool_call_parser::read_marker(char c) {
  held_ += c;
  const auto rest = follows_call_ ? trimmed(held_) : std::string_view{held_};
  if (rest == open_marker && next_index_ < calls_max) return open_call(open_marker);
  if (rest.size() < open_marker.size() && open_marker.starts_with(rest)) return;
  // The marker's first byte occurs in it only once, so only the last byte can start another one.
  const auto certain = held_.size() - (c == open_marker.front() ? 1 : 0);
  emit(tool_piece::kind::content, std::string_view{held_}.substr(0, certain));
  held_.erase(0, certain);
  follows_call_ = false;
}

void tool_call_parser::read_opening(char c) {
  held_ += c;
  if (c == '{') return open_call(std::exchange(held_, {}));
  if (is_space(c)) return;
  if (c == '[' && !in_array_) {
    in_array_ = true;
    return;
  }
  emit(tool_piece::kind::content, std::exchange(held_, {}));
  phase_ = phase::plain;
}

// Begins a call whose object starts in `text` or follows it.
void tool_call_parser::open_call(std::string_view text) {
  call_ = text;
  held_.clear();
  const auto brace = call_.find('{');
  object_start_ = std::min(brace, call_.size());
  depth_ = brace == std::string::npos ? 0 : 1;
  in_string_ = is_escaped_ = false;
  phase_ = phase::header;
}

void tool_call_parser::read_header(char c) {
  if (depth_ == 0) {
    if (!is_space(c) && c != '{') {  // only a marker so far, and no object behind it
      phase_ = phase::content;
      emit(tool_piece::kind::content, call_);
      return read_marker(c);
    }
    if (is_space(c)) {
      call_ += c;
      object_start_ = call_.size();
      return call_.size() > call_bytes_max ? give_up() : void();
    }
  }
  if (starts_arguments(c)) {
    const auto header = json::parse(call_.substr(object_start_) + "0}", nullptr, false);
    start_call(header["name"].get_ref<const std::string&>());
    arguments_ = object_grammar().start();
    phase_ = phase::arguments;
    return read_arguments(c);
  }
  call_ += c;
  track(c);
  if (depth_ == 0) return close_header();
  const bool is_closed = format_.syntax == tool_syntax::hermes && call_.ends_with(close_marker);
  if (is_closed || call_.size() > call_bytes_max) give_up();
}

// A value that is only an opening brace so far is replaced by 0: then the header is whole JSON.
bool tool_call_parser::starts_arguments(char c) const {
  if (c != '{' || in_string_ || depth_ != 1) return false;
  const auto text = std::string_view{call_}.substr(object_start_);
  const auto last = text.find_last_not_of(spaces);
  if (text.size() > header_bytes_max || last == std::string_view::npos || text[last] != ':') {
    return false;
  }
  const auto header = json::parse(std::string{text} + "0}", nullptr, false);
  return header.is_object() && header.size() == 2 && header.begin().key() == "name" &&
         header.begin()->is_string() && !header.begin()->get_ref<const std::string&>().empty() &&
         is_arguments_key((++header.begin()).key());
}

void tool_call_parser::track(char c) {
  if (in_string_) {
    if (!is_escaped_ && c == '"') in_string_ = false;
    is_escaped_ = !is_escaped_ && c == '\\';
    return;
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if ((c == '}' || c == ']') && depth_ > 0) --depth_;
}

void tool_call_parser::read_arguments(char c) {
  call_ += c;
  if (!object_grammar().advance(arguments_, static_cast<std::uint8_t>(c))) return break_off();
  emit(tool_piece::kind::arguments, {&c, 1});
  if (object_grammar().may_end(arguments_)) phase_ = phase::trailer;
}

void tool_call_parser::read_trailer(char c) {
  call_ += c;
  track(c);
  if (depth_ > 0) return;
  const auto object = std::string_view{call_}.substr(object_start_);
  return json::accept(object) ? close_call() : break_off();
}

void tool_call_parser::close_header() {
  const auto call = read_object(std::string_view{call_}.substr(object_start_));
  if (call.name.empty()) return give_up();
  start_call(call.name);
  emit(tool_piece::kind::arguments, call.arguments);
  close_call();
}

void tool_call_parser::close_call() {
  phase_ = next_index_ < calls_max ? phase::after : phase::plain;
  follows_call_ = true;
  call_.clear();
}

// The text was no call: nothing of it was sent.
void tool_call_parser::give_up() {
  emit(tool_piece::kind::content, std::exchange(call_, {}));
  phase_ = format_.syntax == tool_syntax::hermes ? phase::content : phase::plain;
  follows_call_ = false;
}

// The call went wrong after it had started.
void tool_call_parser::break_off() {
  emit(tool_piece::kind::broken, std::exchange(call_, {}));
  phase_ = format_.syntax == tool_syntax::hermes ? phase::content : phase::plain;
  follows_call_ = false;
}

void tool_call_parser::read_closing_marker(char c) {
  held_ += c;
  const auto rest = trimmed(held_);
  if (rest == close_marker) {
    held_.clear();
    phase_ = phase::content;
  } else if (!close_marker.starts_with(rest)) {
    // The model forgot the marker: what it wrote instead may be the next call.
    phase_ = phase::content;
    for (const char again : std::exchange(held_, {})) read_marker(again);
  }
}

void tool_call_parser::read_separator(char c) {
  held_ += c;
  if (c == '{') return open_call(std::exchange(held_, {}));
  if (is_space(c) || c == ',' || c == ';') return;
  if (c == ']' && in_array_) {
    in_array_ = false;
    return held_.clear();
  }
  emit(tool_piece::kind::content, std::exchange(held_, {}));
  phase_ = phase::plain;
}

void tool_call_parser::start_call(std::string_view name) {
  tool_piece start{tool_piece::kind::call_start, next_index_, {}, std::string{name}};
  start.id = format_.call_id_prefix + std::to_string(next_index_++);
  out_.push_back(std::move(start));
}

void tool_call_parser::emit(tool_piece::kind what, std::string_view text) {
  if (text.empty()) return;
  const bool is_content = what == tool_piece::kind::content;
  const auto index = is_content || next_index_ == 0 ? 0 : next_index_ - 1;
  if (!out_.empty() && out_.back().what == what && out_.back().index == index) {
    out_.back().text += text;
  } else {
    out_.push_back({what, index, {}, std::string{text}});
  }
}

parsed_tool_calls parse_tool_calls(std::string_view text, const tool_format& format) {
  tool_call_parser parser{format};
  auto pieces = parser.push(text);
  for (auto& piece : parser.finish()) pieces.push_back(std::move(piece));
  parsed_tool_calls parsed;
  for (auto& piece : pieces) {
    switch (piece.what) {
      case tool_piece::kind::content:
        parsed.content += piece.text;
        break;
      case tool_piece::kind::call_start:
        parsed.calls.push_back({std::move(piece.id), std::move(piece.text), {}});
        break;
      case tool_piece::kind::arguments:
        parsed.calls.back().arguments += piece.text;
        break;
      case tool_piece::kind::broken:
        parsed.content += piece.text;
        parsed.calls.pop_back();
        break;
    }
  }
  return parsed;
}

}  // namespace troupe::engine
