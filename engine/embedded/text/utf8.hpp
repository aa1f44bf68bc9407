// UTF-8, one character at a time, by the rules of Unicode's "substitution of maximal subparts": a
// broken sequence is one error as long as its bytes could still have become a character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::engine {

constexpr char32_t replacement_character = 0xFFFD;

struct utf8_step {
  char32_t code = replacement_character;
  std::size_t bytes = 0;  // to consume; of the broken part where not valid
  bool valid = false;
  bool incomplete = false;  // not valid yet, but more bytes could make it so
};

// Decodes the first character of a text that is not empty.
utf8_step decode_utf8(std::string_view text);

// Appends a code point, which must be no surrogate, as UTF-8.
void append_utf8(std::string& out, char32_t code);

// Replaces every broken sequence by U+FFFD.
std::string repair_utf8(std::string_view text);

}  // namespace troupe::engine
