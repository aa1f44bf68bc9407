#include "runtime/log_line.hpp"

#include <cstdint>
#include <cstdio>

namespace troupe::log {

namespace {

// Length of the UTF-8 sequence at the start of `s`; 0 if it is malformed (cut, overlong,
// surrogate).
std::size_t sequence_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(s[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || s.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  char code[8];
  std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned char>(c));
  out += code;
}

void append_quoted(std::string& out, std::string_view s) {
  out += '"';
  while (!s.empty()) {
    const auto length = sequence_length(s);
    const auto c = static_cast<unsigned char>(s.front());
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c < 0x20 || c == 0x7F || c == '"' || c == '\\') {
      append_escaped(out, s.front());
    } else {
      out.append(s.substr(0, length));
    }
    s.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const auto c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F) return false;
  }
  return true;  // signed char: bytes beyond ASCII are negative, so quoted
}

void append_json_field(std::string& out, const kv& field) {
  append_quoted(out, field.key);
  out += ':';
  const bool number = !field.quoted && field.value.find_first_of("in") == std::string::npos;
  const bool truth = field.value == "true" || field.value == "false";
  if (!field.quoted && (number || truth)) {
    out += field.value;
  } else {
    append_quoted(out, field.value);
  }
}

}  // namespace

std::string text_line(const line_parts& parts) {
  std::string out{level_name(parts.severity)};
  out.resize(6, ' ');
  if (!parts.node.empty()) out.append(parts.node).append(": ");
  for (const auto c : parts.message) out += c == '\n' || c == '\r' ? ' ' : c;
  for (const auto& field : parts.fields) {
    out.append(" ").append(field.key).append("=");
    if (field.quoted && !plain(field.value)) {
      append_quoted(out, field.value);
    } else {
      out += field.value;
    }
  }
  return out;
}

std::string json_line(const line_parts& parts) {
  std::string out{R"("level":")"};
  out.append(level_name(parts.severity)).append(R"(","message":)");
  append_quoted(out, parts.message);
  if (!parts.node.empty()) {
    out += R"(,"node":)";
    append_quoted(out, parts.node);
  }
  for (const auto& field : parts.fields) {
    out += ',';
    append_json_field(out, field);
  }
  return out;
}

}  // namespace troupe::log
