// GPT-2's reversible spelling of bytes as printable characters: byte-level vocabularies are written
// in it.
//
// Source: the byte-to-unicode table of GPT-2's published encoder: printable Latin-1 bytes stand for
// themselves, the other 68 for U+0100 onwards, in order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::engine {

class byte_alphabet {
 public:
  // Returns the one table.
  static const byte_alphabet& instance();

  // Returns the UTF-8 spelling of a byte.
  std::string_view spelling(std::uint8_t byte) const { return spellings_[byte]; }

  // Returns the bytes a piece spells, nothing where it has a character outside the alphabet.
  std::optional<std::string> bytes(std::string_view piece) const;

 private:
  byte_alphabet();

  std::array<std::string, 256> spellings_;
  std::array<std::int16_t, 324> bytes_{};  // by code point; -1: not in the alphabet
};

}  // namespace troupe::engine
