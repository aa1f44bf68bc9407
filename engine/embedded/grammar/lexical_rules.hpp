// The parts of JSON that are words, not structure: white space, strings, numbers.
//
// All of them are built towards a node that follows, `next`. Strings are well-formed UTF-8 (RFC
// 3629) with JSON's escapes; \u escapes pair their surrogates. A number has at most 20 digits
// before and after the point and two in the exponent, so that every parser can hold it and no model
// can write digits for ever.
//
// Source: RFC 8259 (JSON), RFC 3629 table 3-7 (UTF-8).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/grammar/byte_automaton.hpp"

namespace troupe::engine {

struct integer_range {
  std::int64_t least, most;
};

class lexical_rules {
 public:
  using node_id = byte_automaton::node_id;
  static constexpr std::uint32_t indent_max = 32;  // spaces after a line break
  static constexpr std::uint32_t digits_max = 20;  // on each side of the point
  static constexpr std::uint32_t exponent_digits = 2;

  // With `any_white_space`, runs of it may be as long as they like.
  lexical_rules(byte_automaton& automaton, bool any_white_space)
      : automaton_{automaton}, any_white_space_{any_white_space} {}

  // Builds optional white space: nothing, one space, or a line break and its indentation.
  node_id white_space(node_id next);

  // Builds a string of any length.
  node_id string(node_id next);

  // Builds a string of `least` to `most` characters (code points).
  node_id counted_string(std::uint32_t least, std::uint32_t most, node_id next);

  // Builds a string that is none of `names`. It has no escape before the place where it first
  // differs from all of them: an escape could spell the rest of a name.
  node_id other_key(const std::vector<std::string>& names, node_id next);

  node_id number(bool non_negative, node_id next);
  node_id integer(integer_range range, node_id next);

 private:
  struct digit_walk;

  node_id string_body(node_id next);
  std::vector<byte_automaton::edge> character(node_id next);
  node_id escape(node_id next);
  node_id hex_digits(int count, node_id next);
  node_id magnitude(std::uint64_t least, std::uint64_t most, node_id next);
  node_id digits_between(const digit_walk& walk, std::size_t at);
  node_id optional(node_id some, node_id next);

  byte_automaton& automaton_;
  bool any_white_space_;
  node_id counted_character_ = byte_automaton::leave();  // leave: not built yet
};

}  // namespace troupe::engine
