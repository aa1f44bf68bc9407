#include "actors/stream/json_depth.hpp"

#include <cstring>

namespace troupe::actors {

namespace {

// Returns where the string ends whose first character is at `at`: behind its closing quote.
const char* string_end(const char* at, const char* end) {
  while (at != end) {
    const auto* quote =
        static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
    if (quote == nullptr) return end;
    const char* slashes = quote;
    while (slashes != at && slashes[-1] == '\\') --slashes;
    if ((quote - slashes) % 2 == 0) return quote + 1;
    at = quote + 1;
  }
  return end;
}

}  // namespace

bool nests_deeper(std::string_view json, std::size_t levels, body_place known) {
  std::size_t depth = 0;
  const char* at = json.data();
  const char* const end = at + json.size();
  const char* const known_text = at + known.at;
  while (at != end) {
    switch (*at++) {
      case '[':
      case '{':
        if (++depth > levels) return true;
        break;
      case ']':
      case '}':
        if (depth > 0) --depth;
        break;
      case '"':
        at += at == known_text ? known.size : 0;
        at = string_end(at, end);
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace troupe::actors
