#include "engine/embedded/text/utf8.hpp"

#include <cstdint>

namespace troupe::engine {

namespace {

// What a lead byte asks for. The second byte's range is narrower than 80..BF after E0, ED, F0, F4:
// that is what shuts out overlong forms, surrogates and codes past U+10FFFF.
struct lead_byte {
  std::size_t length = 0;  // 0: no lead byte
  std::uint8_t low = 0x80, high = 0xBF;
  std::uint8_t bits = 0;
};

lead_byte classify(std::uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0, byte};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {2, 0x80, 0xBF, static_cast<std::uint8_t>(byte & 0x1F)};
  const auto bits = static_cast<std::uint8_t>(byte & 0x0F);
  if (byte == 0xE0) return {3, 0xA0, 0xBF, bits};
  if (byte == 0xED) return {3, 0x80, 0x9F, bits};
  if (byte < 0xF0) return {3, 0x80, 0xBF, bits};
  if (byte == 0xF0) return {4, 0x90, 0xBF, 0};
  if (byte < 0xF4) return {4, 0x80, 0xBF, static_cast<std::uint8_t>(byte & 0x07)};
  if (byte == 0xF4) return {4, 0x80, 0x8F, 4};
  return {};
}

}  // namespace

utf8_step decode_utf8(std::string_view text) {
  const auto lead = classify(static_cast<std::uint8_t>(text[0]));
  if (lead.length == 0) return {replacement_character, 1, false, false};
  char32_t code = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    if (i == text.size()) return {replacement_character, i, false, true};
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const auto low = i == 1 ? lead.low : std::uint8_t{0x80};
    const auto high = i == 1 ? lead.high : std::uint8_t{0xBF};
    if (byte < low || byte > high) return {replacement_character, i, false, false};
    code = (code << 6U) | (byte & 0x3FU);
  }
  return {code, lead.length, true, false};
}

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6U));
    put(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12U));
    put(0x80 | ((code >> 6U) & 0x3FU));
    put(0x80 | (code & 0x3FU));
  } else {
    put(0xF0 | (code >> 18U));
    put(0x80 | ((code >> 12U) & 0x3FU));
    put(0x80 | ((code >> 6U) & 0x3FU));
    put(0x80 | (code & 0x3FU));
  }
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    if (step.valid) {
      out.append(text.substr(0, step.bytes));
    } else {
      append_utf8(out, replacement_character);
    }
    text.remove_prefix(step.bytes);
  }
  return out;
}

}  // namespace troupe::engine
