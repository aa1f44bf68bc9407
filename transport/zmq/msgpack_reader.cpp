#include "transport/zmq/msgpack_reader.hpp"

#include <bit>

namespace troupe::transport::zmq {

namespace {

using enum msgpack_kind;

msgpack_value integer_value(std::int64_t number) {
  return {integer, static_cast<std::uint64_t>(number), number < 0, 0, {}, 0};
}

msgpack_value plain(msgpack_kind kind, std::uint64_t bits = 0) {
  return {kind, bits, false, 0, {}, 0};
}

}  // namespace

std::string_view to_string(msgpack_kind kind) {
  switch (kind) {
    case none:
      return "a cut or malformed value";
    case nil:
      return "nil";
    case boolean:
      return "a boolean";
    case integer:
      return "an integer";
    case real:
      return "a real";
    case text:
      return "text";
    case bytes:
      return "bytes";
    case array:
      return "an array";
    case map:
      return "a map";
    case extension:
      return "an extension";
  }
  return "an unknown value";
}

double msgpack_value::number() const {
  if (kind == msgpack_kind::real) return real;
  return is_negative ? static_cast<double>(static_cast<std::int64_t>(bits))
                     : static_cast<double>(bits);
}

msgpack_value msgpack_reader::fail() {
  rest_ = {};
  return {};
}

bool msgpack_reader::big_endian(unsigned size, std::uint64_t& value) {
  if (rest_.size() < size) return false;
  value = 0;
  for (unsigned i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(rest_[i]);
  rest_.remove_prefix(size);
  return true;
}

msgpack_value msgpack_reader::content(msgpack_kind kind, std::uint64_t size) {
  if (size > rest_.size()) return fail();
  msgpack_value value = plain(kind);
  value.bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

msgpack_value msgpack_reader::container(msgpack_kind kind, std::uint64_t count) {
  const auto elements = kind == map ? 2 * count : count;
  if (elements > rest_.size()) return fail();  // an element takes a byte at least
  msgpack_value value = plain(kind);
  value.children = static_cast<std::uint32_t>(count);
  return value;
}

msgpack_value msgpack_reader::sized(msgpack_kind kind, unsigned size_bytes) {
  std::uint64_t size = 0;
  if (!big_endian(size_bytes, size)) return fail();
  if (kind == array || kind == map) return container(kind, size);
  return content(kind, kind == extension ? size + 1 : size);  // an extension has a type byte
}

msgpack_value msgpack_reader::integer(unsigned size, bool is_signed) {
  std::uint64_t value = 0;
  if (!big_endian(size, value)) return fail();
  if (!is_signed) return plain(msgpack_kind::integer, value);
  const unsigned shift = 64 - 8 * size;
  return integer_value(static_cast<std::int64_t>(value << shift) >> shift);
}

msgpack_value msgpack_reader::real(unsigned size) {
  std::uint64_t value = 0;
  if (!big_endian(size, value)) return fail();
  msgpack_value result = plain(msgpack_kind::real);
  result.real = size == 8
                    ? std::bit_cast<double>(value)
                    : static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(value)));
  return result;
}

msgpack_value msgpack_reader::take() {
  if (rest_.empty()) return fail();
  const auto lead = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  if (lead < 0x80) return plain(msgpack_kind::integer, lead);
  if (lead < 0x90) return container(map, lead & 0x0fU);
  if (lead < 0xa0) return container(array, lead & 0x0fU);
  if (lead < 0xc0) return content(text, lead & 0x1fU);
  if (lead >= 0xe0) return integer_value(static_cast<std::int8_t>(lead));
  if (lead >= 0xd9 && lead <= 0xdb) return sized(text, 1U << (lead - 0xd9));
  if (lead == 0xdc || lead == 0xdd) return sized(array, 2U << (lead - 0xdc));
  if (lead >= 0xde) return sized(map, 2U << (lead - 0xde));
  if (lead >= 0xd4) return content(extension, (1ULL << (lead - 0xd4)) + 1);
  if (lead >= 0xd0) return integer(1U << (lead - 0xd0), true);
  if (lead >= 0xcc) return integer(1U << (lead - 0xcc), false);
  if (lead >= 0xca) return real(4U << (lead - 0xca));
  if (lead >= 0xc7) return sized(extension, 1U << (lead - 0xc7));
  if (lead >= 0xc4) return sized(msgpack_kind::bytes, 1U << (lead - 0xc4));
  if (lead >= 0xc2) return plain(boolean, lead & 1U);
  if (lead == 0xc0) return plain(nil);
  return fail();  // 0xc1 is never used
}

void msgpack_reader::skip_children(const msgpack_value& value) {
  // Ends with the bytes: each element takes one at least, and then none is read.
  std::uint64_t left = value.kind == map ? 2ULL * value.children : value.children;
  while (left > 0) {
    const auto element = take();
    if (element.kind == none) return;
    left += element.kind == map ? 2ULL * element.children : element.children;
    --left;
  }
}

}  // namespace troupe::transport::zmq
