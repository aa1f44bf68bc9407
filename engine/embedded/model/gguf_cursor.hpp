// A bounds-checked reader over the bytes of a GGUF file.
//
// Errors: sticky. A read past the end returns zero or an empty string and sets failed(), so that a
// caller may read a whole record and check once; loops check on every turn.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace troupe::engine {

static_assert(std::endian::native == std::endian::little, "GGUF values are read in place");

class gguf_cursor {
 public:
  gguf_cursor(const std::byte* data, std::size_t size) : data_{data}, size_{size} {}

  bool failed() const { return failed_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return size_ - position_; }

  // Reads one value of a trivially copyable type, zero past the end.
  template <class T>
  T read() {
    T value{};
    if (const auto* from = take(sizeof(T))) std::memcpy(&value, from, sizeof(T));
    return value;
  }

  // Reads a string with its 64-bit length; the view lies in the file's bytes.
  std::string_view read_string() {
    const auto length = read<std::uint64_t>();
    const auto* from = take(length);
    if (from == nullptr) return {};
    return {reinterpret_cast<const char*>(from), static_cast<std::size_t>(length)};
  }

 private:
  const std::byte* take(std::uint64_t bytes) {
    if (failed_ || bytes > remaining()) {
      failed_ = true;
      return nullptr;
    }
    const auto* from = data_ + position_;
    position_ += static_cast<std::size_t>(bytes);
    return from;
  }

  const std::byte* data_;
  std::size_t size_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace troupe::engine
