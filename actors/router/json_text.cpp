#include "actors/router/json_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace troupe::actors {
namespace {

// Reads four hex digits at the front and takes them off.
std::optional<std::uint32_t> take_hex4(std::string_view& rest) {
  if (rest.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char digit : rest.substr(0, 4)) {
    const auto lower = static_cast<unsigned char>(digit | 0x20);
    if (digit >= '0' && digit <= '9') {
      value = value * 16 + static_cast<std::uint32_t>(digit - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<std::uint32_t>(lower - 'a') + 10;
    } else {
      return std::nullopt;
    }
  }
  rest.remove_prefix(4);
  return value;
}

// Reads what follows \u, both halves of a surrogate pair included.
std::optional<std::uint32_t> take_code_point(std::string_view& rest) {
  auto high = take_hex4(rest);
  if (!high || *high < 0xd800 || *high > 0xdbff || !rest.starts_with("\\u")) return high;
  auto ahead = rest.substr(2);
  const auto low = take_hex4(ahead);
  if (!low) return std::nullopt;
  if (*low < 0xdc00 || *low > 0xdfff) return high;
  rest = ahead;
  return 0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00);
}

// Encodes a code point as UTF-8 and returns how many bytes it took.
std::size_t encode(std::uint32_t point, std::array<char, 4>& out) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  const auto rest = [&](int shift) { return byte(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) return out = {byte(point)}, 1;
  if (point < 0x800) return out = {byte(0xc0 | point >> 6), rest(0)}, 2;
  if (point < 0x10000) return out = {byte(0xe0 | point >> 12), rest(6), rest(0)}, 3;
  return out = {byte(0xf0 | point >> 18), rest(12), rest(6), rest(0)}, 4;
}

// The byte a one-letter escape stands for, or 0.
char plain_escape(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '/':
      return '/';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return 0;
  }
}

// A piece is searched and then used: it should still be in the nearest cache then.
constexpr std::size_t piece_bytes_max = 8 * 1024;

// Calls sink(piece) for each piece of the text.
template <class Sink>
bool unescape(std::string_view rest, Sink&& sink) {
  while (!rest.empty()) {
    const auto ahead = rest.substr(0, piece_bytes_max);
    const auto* slash = static_cast<const char*>(std::memchr(ahead.data(), '\\', ahead.size()));
    if (slash == nullptr) {
      sink(ahead);
      rest.remove_prefix(ahead.size());
      continue;
    }
    const auto plain = static_cast<std::size_t>(slash - rest.data());
    if (plain != 0) sink(rest.substr(0, plain));
    rest.remove_prefix(plain + 1);
    if (rest.empty()) return false;
    const char letter = rest.front();
    rest.remove_prefix(1);
    std::array<char, 4> piece{plain_escape(letter)};
    std::size_t length = 1;
    if (letter == 'u') {
      const auto point = take_code_point(rest);
      if (!point) return false;
      length = encode(*point, piece);
    } else if (piece[0] == 0) {
      return false;
    }
    sink(std::string_view{piece.data(), length});
  }
  return true;
}

}  // namespace

std::size_t json_literal_end(std::string_view json, std::size_t begin, std::size_t from) {
  while (true) {
    const auto quote = json.find('"', from);
    if (quote == std::string_view::npos) return quote;
    auto slashes = quote;
    while (slashes != begin && json[slashes - 1] == '\\') --slashes;
    if ((quote - slashes) % 2 == 0) return quote;
    from = quote + 1;
  }
}

bool feed_json_text(std::string_view literal, prefix_hash& out) {
  return unescape(literal, [&out](std::string_view piece) { out.feed(piece); });
}

bool append_json_text(std::string_view literal, std::string& out) {
  return unescape(literal, [&out](std::string_view piece) { out.append(piece); });
}

bool json_text_equals(std::string_view literal, std::string_view text) {
  if (literal == text) return true;
  if (literal.find('\\') == std::string_view::npos) return false;
  bool same = true;
  const bool valid = unescape(literal, [&](std::string_view piece) {
    same = same && text.starts_with(piece);
    if (same) text.remove_prefix(piece.size());
  });
  return valid && same && text.empty();
}

}  // namespace troupe::actors
