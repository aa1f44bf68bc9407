// Writing and reading bytes that travel between nodes: little endian, texts with their length.
//
// The reader is bounded by what it was given, and remembers the first thing that was wrong.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe {

// Why bytes are not what they should be.
struct wire_error {
  std::size_t offset = 0;  // in bytes
  std::string text;
};

class wire_writer {
 public:
  explicit wire_writer(std::string_view beginning = {}) : bytes_{beginning} {}

  template <std::unsigned_integral T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    }
  }

  // Writes u8 length and bytes. REQUIRES: 255 bytes at most.
  void text(std::string_view value) {
    TROUPE_ASSERT(value.size() <= 0xff);
    number(static_cast<std::uint8_t>(value.size()));
    bytes_ += value;
  }

  // Writes bytes as they are.
  void bytes(std::string_view value) { bytes_ += value; }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads on from where it is; after the first error every read returns nothing of use.
class wire_reader {
 public:
  explicit wire_reader(std::string_view bytes) : bytes_{bytes} {}

  template <std::unsigned_integral T>
  T number() {
    const auto part = take(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      value |= std::uint64_t{static_cast<std::uint8_t>(part[i])} << (8 * i);
    }
    return static_cast<T>(value);
  }

  std::string text() { return std::string{take(number<std::uint8_t>())}; }

  // Returns the next bytes, all of them or, after an error, none.
  std::string_view take(std::size_t size) {
    check(size <= bytes_.size() - at_, "the message ends too early");
    if (!good()) return {};
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

  // Returns all that is left.
  std::string_view rest() { return take(bytes_.size() - at_); }

  bool at_end() const { return at_ == bytes_.size(); }
  void expect_end() { check(at_end(), "bytes follow the message"); }

  // Notes an error here unless the condition holds.
  void check(bool holds, std::string_view otherwise) {
    if (!holds && good()) error_ = {at_, std::string{otherwise}};
  }

  bool good() const { return !error_; }

  // REQUIRES: not good.
  wire_error error() const { return *error_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::optional<wire_error> error_;
};

}  // namespace troupe
