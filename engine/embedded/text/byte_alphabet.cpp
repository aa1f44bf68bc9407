#include "engine/embedded/text/byte_alphabet.hpp"

#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {

namespace {

bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

}  // namespace

byte_alphabet::byte_alphabet() {
  bytes_.fill(-1);
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t code = stands_for_itself(byte) ? byte : next++;
    append_utf8(spellings_[byte], code);
    bytes_[code] = static_cast<std::int16_t>(byte);
  }
}

const byte_alphabet& byte_alphabet::instance() {
  static const byte_alphabet table;
  return table;
}

std::optional<std::string> byte_alphabet::bytes(std::string_view piece) const {
  std::string out;
  while (!piece.empty()) {
    const auto step = decode_utf8(piece);
    if (!step.valid || step.code >= bytes_.size() || bytes_[step.code] < 0) return std::nullopt;
    out += static_cast<char>(bytes_[step.code]);
    piece.remove_prefix(step.bytes);
  }
  return out;
}

}  // namespace troupe::engine
