#include "runtime/log_line.hpp"

#include "runtime/json_string.hpp"

#include <cstdint>
#include <cstdio>

namespace troupe::log {

namespace {

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const auto c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F) return false;
  }
  return true;  // signed char: bytes beyond ASCII are negative, so quoted
}

void append_json_field(std::string& out, const kv& field) {
  append_json_string(out, field.key);
  out += ':';
  const bool number = !field.quoted && field.value.find_first_of("in") == std::string::npos;
  const bool truth = field.value == "true" || field.value == "false";
  if (!field.quoted && (number || truth)) {
    out += field.value;
  } else {
    append_json_string(out, field.value);
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
      append_json_string(out, field.value);
    } else {
      out += field.value;
    }
  }
  return out;
}

std::string json_line(const line_parts& parts) {
  std::string out{R"("level":")"};
  out.append(level_name(parts.severity)).append(R"(","message":)");
  append_json_string(out, parts.message);
  if (!parts.node.empty()) {
    out += R"(,"node":)";
    append_json_string(out, parts.node);
  }
  for (const auto& field : parts.fields) {
    out += ',';
    append_json_field(out, field);
  }
  return out;
}

}  // namespace troupe::log
