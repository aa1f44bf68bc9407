#include "engine/embedded/text/python_string.hpp"

#include <algorithm>

#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {

namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
// Bytes of other scripts' letters stay inside their word.
bool is_letter(char c) {
  return is_lower(c) || is_upper(c) || static_cast<unsigned char>(c) >= 0x80;
}
char upper(char c) {
  return is_lower(c) ? static_cast<char>(c - 32) : c;
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c + 32) : c;
}

bool is_space(std::string_view character) {
  return is_python_space(decode_utf8(character).code);
}

std::size_t last_character_bytes(std::string_view text) {
  std::size_t bytes = 1;
  while (bytes < text.size() && bytes < 4 &&
         (static_cast<unsigned char>(text[text.size() - bytes]) & 0xC0U) == 0x80) {
    ++bytes;
  }
  return bytes;
}

std::vector<std::string_view> split_at(std::string_view text, std::string_view separator,
                                       std::ptrdiff_t limit) {
  std::vector<std::string_view> parts;
  for (; limit != 0; --limit) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::vector<std::string_view> split_at_right(std::string_view text, std::string_view separator,
                                             std::ptrdiff_t limit) {
  std::vector<std::string_view> parts;
  for (; limit != 0; --limit) {
    const auto at = text.rfind(separator);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(at + separator.size()));
    text = text.substr(0, at);
  }
  parts.push_back(text);
  std::ranges::reverse(parts);
  return parts;
}

std::size_t word_bytes(std::string_view text, bool from_right) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const auto rest = from_right ? text.substr(0, text.size() - bytes) : text.substr(bytes);
    const auto step = from_right ? last_character_bytes(rest) : decode_utf8(rest).bytes;
    if (is_space(from_right ? rest.substr(rest.size() - step) : rest)) break;
    bytes += step;
  }
  return bytes;
}

std::vector<std::string_view> split_at_spaces(std::string_view text, std::ptrdiff_t limit,
                                              bool from_right) {
  const auto near = from_right ? strip_side::right : strip_side::left;
  std::vector<std::string_view> parts;
  for (text = strip(text, near); !text.empty(); text = strip(text, near), --limit) {
    if (limit == 0) {
      parts.push_back(text);
      break;
    }
    const auto bytes = word_bytes(text, from_right);
    parts.push_back(from_right ? text.substr(text.size() - bytes) : text.substr(0, bytes));
    text = from_right ? text.substr(0, text.size() - bytes) : text.substr(bytes);
  }
  if (from_right) std::ranges::reverse(parts);
  return parts;
}

}  // namespace

bool is_python_space(char32_t code) {
  return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) || code == 0x85 ||
         code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
         code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto bytes = decode_utf8(text).bytes;
    out.push_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return out;
}

std::size_t character_count(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    text.remove_prefix(decode_utf8(text).bytes);
    ++count;
  }
  return count;
}

std::string_view strip(std::string_view text, strip_side side,
                       std::optional<std::string_view> unwanted) {
  const auto drop = [&](std::string_view character) {
    if (!unwanted) return is_space(character);
    return !character.empty() && unwanted->find(character) != std::string_view::npos;
  };
  while (side != strip_side::right && !text.empty()) {
    const auto bytes = decode_utf8(text).bytes;
    if (!drop(text.substr(0, bytes))) break;
    text.remove_prefix(bytes);
  }
  while (side != strip_side::left && !text.empty()) {
    const auto bytes = last_character_bytes(text);
    if (!drop(text.substr(text.size() - bytes))) break;
    text.remove_suffix(bytes);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text,
                                    std::optional<std::string_view> separator, std::ptrdiff_t limit,
                                    bool from_right) {
  if (!separator) return split_at_spaces(text, limit, from_right);
  return from_right ? split_at_right(text, *separator, limit) : split_at(text, *separator, limit);
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\n\r\v\f\x1c\x1d\x1e"), text.size());
    lines.push_back(text.substr(0, end));
    const bool pair = text.substr(end, 2) == "\r\n";
    text.remove_prefix(std::min(text.size(), end + (pair ? 2 : 1)));
  }
  return lines;
}

std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::ptrdiff_t limit) {
  std::string out;
  if (from.empty()) {
    for (const auto character : characters(text)) {
      if (limit-- != 0)
        out += to;
      else
        limit = 0;
      out += character;
    }
    if (limit != 0) out += to;
    return out;
  }
  for (; limit != 0; --limit) {
    const auto at = text.find(from);
    if (at == std::string_view::npos) break;
    out += text.substr(0, at);
    out += to;
    text.remove_prefix(at + from.size());
  }
  out += text;
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), upper);
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string to_capital(std::string_view text) {
  auto out = to_lower(text);
  if (!out.empty()) out[0] = upper(out[0]);
  return out;
}

std::string to_title(std::string_view text, bool as_filter) {
  constexpr std::string_view openers = "-({[<";
  std::string out;
  bool inside = false;
  for (const char c : text) {
    out += inside ? lower(c) : upper(c);
    inside = as_filter ? openers.find(c) == std::string_view::npos &&
                             (static_cast<unsigned char>(c) >= 0x80 ||
                              !is_python_space(static_cast<unsigned char>(c)))
                       : is_letter(c);
  }
  return out;
}

}  // namespace troupe::engine
