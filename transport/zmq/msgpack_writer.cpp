#include "transport/zmq/msgpack_writer.hpp"

#include <bit>

namespace troupe::transport::zmq {

// Appends a lead byte and `value` as `size` bytes, most significant first.
void msgpack_writer::lead(unsigned byte, std::uint64_t value, unsigned size) {
  char bytes[9];
  bytes[0] = static_cast<char>(byte);
  for (unsigned i = 0; i < size; ++i) {
    bytes[1 + i] = static_cast<char>(value >> (8 * (size - 1 - i)));
  }
  out_.append(bytes, 1 + size);
}

void msgpack_writer::nil() {
  lead(0xc0, 0, 0);
}

void msgpack_writer::unsigned_integer(std::uint64_t number) {
  if (number < 0x80) return lead(static_cast<unsigned>(number), 0, 0);
  if (number <= UINT8_MAX) return lead(0xcc, number, 1);
  if (number <= UINT16_MAX) return lead(0xcd, number, 2);
  if (number <= UINT32_MAX) return lead(0xce, number, 4);
  lead(0xcf, number, 8);
}

void msgpack_writer::integer(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  if (number >= 0) return unsigned_integer(bits);
  if (number >= -32) return lead(static_cast<std::uint8_t>(number), 0, 0);
  if (number >= INT8_MIN) return lead(0xd0, bits, 1);
  if (number >= INT16_MIN) return lead(0xd1, bits, 2);
  if (number >= INT32_MIN) return lead(0xd2, bits, 4);
  lead(0xd3, bits, 8);
}

void msgpack_writer::real(double number) {
  lead(0xcb, std::bit_cast<std::uint64_t>(number), 8);
}

void msgpack_writer::text(std::string_view characters) {
  const auto size = characters.size();
  if (size < 32) {
    lead(0xa0 | static_cast<unsigned>(size), 0, 0);
  } else if (size <= UINT8_MAX) {
    lead(0xd9, size, 1);
  } else if (size <= UINT16_MAX) {
    lead(0xda, size, 2);
  } else {
    lead(0xdb, size, 4);
  }
  out_.append(characters);
}

void msgpack_writer::bytes(std::string_view content) {
  const auto size = content.size();
  if (size <= UINT8_MAX) {
    lead(0xc4, size, 1);
  } else if (size <= UINT16_MAX) {
    lead(0xc5, size, 2);
  } else {
    lead(0xc6, size, 4);
  }
  out_.append(content);
}

void msgpack_writer::array(std::uint32_t elements) {
  if (elements < 16) return lead(0x90 | elements, 0, 0);
  if (elements <= UINT16_MAX) return lead(0xdc, elements, 2);
  lead(0xdd, elements, 4);
}

void msgpack_writer::map(std::uint32_t pairs) {
  if (pairs < 16) return lead(0x80 | pairs, 0, 0);
  if (pairs <= UINT16_MAX) return lead(0xde, pairs, 2);
  lead(0xdf, pairs, 4);
}

}  // namespace troupe::transport::zmq
