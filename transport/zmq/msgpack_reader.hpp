// A cursor over MessagePack bytes that takes one value after the other and copies nothing.
//
// Bounds: an array or map that announces more values than bytes are left is malformed, so a count
// may be trusted for reserving memory. Nothing recurses.
// Errors: a malformed or cut value reads as msgpack_kind::none, and so does everything after it.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::transport::zmq {

enum class msgpack_kind { none, nil, boolean, integer, real, text, bytes, array, map, extension };

// One value. An array's or a map's elements follow as values of their own.
struct msgpack_value {
  msgpack_kind kind = msgpack_kind::none;
  std::uint64_t bits = 0;    // integer (two's complement) or boolean
  bool is_negative = false;  // integer below 0
  double real = 0;
  std::string_view bytes;      // text, bytes, extension
  std::uint32_t children = 0;  // elements of an array, pairs of a map

  // Returns an integer or a real as a real.
  double number() const;

  bool is_nil() const { return kind == msgpack_kind::nil; }
  bool is_string() const { return kind == msgpack_kind::text || kind == msgpack_kind::bytes; }
};

// Returns the kind's name for a message.
std::string_view to_string(msgpack_kind kind);

class msgpack_reader {
 public:
  explicit msgpack_reader(std::string_view bytes) : rest_{bytes} {}

  // Takes the next value.
  msgpack_value take();

  // Passes over the elements of a value just taken.
  void skip_children(const msgpack_value& value);

  // Bytes not taken yet.
  std::string_view rest() const { return rest_; }

 private:
  msgpack_value fail();
  msgpack_value sized(msgpack_kind kind, unsigned size_bytes);
  msgpack_value content(msgpack_kind kind, std::uint64_t size);
  msgpack_value container(msgpack_kind kind, std::uint64_t count);
  msgpack_value integer(unsigned size, bool is_signed);
  msgpack_value real(unsigned size);
  bool big_endian(unsigned size, std::uint64_t& value);

  std::string_view rest_;
};

}  // namespace troupe::transport::zmq
