// A JSON text without its long strings: as much of it as a parser has to see.
//
// simdjson looks at each byte of a text several times over; of a long string only the end must be
// found, and that it holds nothing JSON forbids in a string. Such a literal is an empty one in the
// outline, and `original` gives it back. Escapes are left to who reads them, as simdjson leaves
// them. Source: reading a prompt of 128 kB takes 50 to 53 us with it, 57 without (bench_index).
//
// The text is not altered and must outlive its outline. Thread: one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::actors {

class json_outline {
 public:
  static constexpr std::size_t long_literal_bytes = 1024;  // from here on a literal is left out

  // False where no parser would take the text: a long string has no end, or control characters or
  // malformed UTF-8 in it.
  bool read(const std::string& text);

  // What is left to parse, with room for simdjson's padding behind it.
  std::string_view json() const { return json_; }
  std::size_t capacity() const { return capacity_; }

  // Returns a literal of json() (what is between its quotes) as the text has it.
  std::string_view original(std::string_view literal) const;

  // Returns where an original literal lies in the text, in bytes from its begin.
  std::size_t position(std::string_view literal) const;

 private:
  struct cut {
    std::size_t at;  // in the outline, between the quotes
    std::string_view literal;
  };

  bool leave_out_long_literals(std::string_view text);
  void take_whole(const std::string& text);

  std::string_view text_;
  std::string_view json_;
  std::size_t capacity_ = 0;
  std::string own_;        // the outline, or the whole text where that has no padding
  std::vector<cut> cuts_;  // ascending
};

}  // namespace troupe::actors
