#include "engine/embedded/grammar/lexical_rules.hpp"

#include <algorithm>
#include <array>

namespace troupe::engine {

namespace {

using edge = byte_automaton::edge;
using node_id = byte_automaton::node_id;

}  // namespace

node_id lexical_rules::optional(node_id some, node_id next) {
  const std::array both{next, some};
  return automaton_.branch(both);
}

node_id lexical_rules::white_space(node_id next) {
  if (any_white_space_) {
    const auto loop = automaton_.reserve();
    const std::array<edge, 4> spaces{
        {{' ', ' ', loop}, {'\t', '\t', loop}, {'\n', '\n', loop}, {'\r', '\r', loop}}};
    const std::array both{next, automaton_.consume(spaces)};
    automaton_.define_branch(loop, both);
    return loop;
  }
  const auto space = automaton_.consume(' ', ' ', byte_automaton::leave());
  const auto indent = automaton_.repeat({space, next, 0, indent_max});
  const std::array<edge, 2> either{{{' ', ' ', next}, {'\n', '\n', indent}}};
  return optional(automaton_.consume(either), next);
}

node_id lexical_rules::hex_digits(int count, node_id next) {
  for (; count > 0; --count) {
    const std::array<edge, 3> digits{{{'0', '9', next}, {'A', 'F', next}, {'a', 'f', next}}};
    next = automaton_.consume(digits);
  }
  return next;
}

node_id lexical_rules::escape(node_id next) {
  const auto two = hex_digits(2, next);
  const auto three = hex_digits(1, two);
  // A high surrogate must be followed by a low one, a low one may not stand alone.
  const std::array<edge, 2> low_nibble{{{'C', 'F', two}, {'c', 'f', two}}};
  const auto low = automaton_.consume(low_nibble);
  const std::array<edge, 2> low_start{{{'D', 'D', low}, {'d', 'd', low}}};
  const auto pair = automaton_.literal("\\u", automaton_.consume(low_start));
  const auto high = hex_digits(2, pair);
  const std::array<edge, 4> after_d{
      {{'0', '7', two}, {'8', '9', high}, {'A', 'B', high}, {'a', 'b', high}}};
  const auto surrogate = automaton_.consume(after_d);
  const std::array<edge, 7> first{{{'0', '9', three},
                                   {'A', 'C', three},
                                   {'D', 'D', surrogate},
                                   {'E', 'F', three},
                                   {'a', 'c', three},
                                   {'d', 'd', surrogate},
                                   {'e', 'f', three}}};
  const auto unicode = automaton_.consume(first);
  const std::array<edge, 9> escapes{{{'"', '"', next},
                                     {'\\', '\\', next},
                                     {'/', '/', next},
                                     {'b', 'b', next},
                                     {'f', 'f', next},
                                     {'n', 'n', next},
                                     {'r', 'r', next},
                                     {'t', 't', next},
                                     {'u', 'u', unicode}}};
  return automaton_.consume(escapes);
}

std::vector<edge> lexical_rules::character(node_id next) {
  const auto last = automaton_.consume(0x80, 0xBF, next);
  const auto last_two = automaton_.consume(0x80, 0xBF, last);
  const auto last_three = automaton_.consume(0x80, 0xBF, last_two);
  const auto after_e0 = automaton_.consume(0xA0, 0xBF, last);
  const auto after_ed = automaton_.consume(0x80, 0x9F, last);
  const auto after_f0 = automaton_.consume(0x90, 0xBF, last_two);
  const auto after_f4 = automaton_.consume(0x80, 0x8F, last_two);
  return {{0x20, 0x21, next},     {0x23, 0x5B, next},       {0x5C, 0x5C, escape(next)},
          {0x5D, 0x7F, next},     {0xC2, 0xDF, last},       {0xE0, 0xE0, after_e0},
          {0xE1, 0xEC, last_two}, {0xED, 0xED, after_ed},   {0xEE, 0xEF, last_two},
          {0xF0, 0xF0, after_f0}, {0xF1, 0xF3, last_three}, {0xF4, 0xF4, after_f4}};
}

node_id lexical_rules::string_body(node_id next) {
  const auto body = automaton_.reserve();
  auto edges = character(body);
  edges.push_back({'"', '"', next});
  automaton_.define_consume(body, edges);
  return body;
}

node_id lexical_rules::string(node_id next) {
  return automaton_.consume('"', '"', string_body(next));
}

node_id lexical_rules::counted_string(std::uint32_t least, std::uint32_t most, node_id next) {
  if (counted_character_ == byte_automaton::leave()) {
    counted_character_ = automaton_.consume(character(byte_automaton::leave()));
  }
  const auto close = automaton_.consume('"', '"', next);
  return automaton_.consume('"', '"', automaton_.repeat({counted_character_, close, least, most}));
}

node_id lexical_rules::number(bool non_negative, node_id next) {
  const auto digit = automaton_.consume('0', '9', byte_automaton::leave());
  const auto exponent = automaton_.repeat({digit, next, 1, exponent_digits});
  const std::array<edge, 2> signs{{{'+', '+', exponent}, {'-', '-', exponent}}};
  const auto signed_exponent = optional(automaton_.consume(signs), exponent);
  const std::array<edge, 2> e{{{'E', 'E', signed_exponent}, {'e', 'e', signed_exponent}}};
  const auto after_fraction = optional(automaton_.consume(e), next);
  const auto fraction = automaton_.repeat({digit, after_fraction, 1, digits_max});
  const auto after_whole = optional(automaton_.consume('.', '.', fraction), after_fraction);
  const auto more = automaton_.repeat({digit, after_whole, 0, digits_max - 1});
  const std::array<edge, 2> first{{{'0', '0', after_whole}, {'1', '9', more}}};
  const auto whole = automaton_.consume(first);
  return non_negative ? whole : optional(automaton_.consume('-', '-', whole), whole);
}

// Numbers of one length between two bounds of that length, digit by digit: a digit is free once an
// earlier one was strictly inside.
struct lexical_rules::digit_walk {
  std::string_view least, most;
  const std::vector<node_id>& free;      // by how many digits follow that may be any
  bool at_least = true, at_most = true;  // all digits so far equal those of the bound
};

node_id lexical_rules::digits_between(const digit_walk& walk, std::size_t at) {
  const auto left = walk.least.size() - at;
  if (left == 0 || (!walk.at_least && !walk.at_most)) return walk.free[left];
  const char first = walk.at_least ? walk.least[at] : '0';
  const char last = walk.at_most ? walk.most[at] : '9';
  std::vector<edge> edges;
  const auto add = [&](char from, char to) {
    auto rest = walk;
    rest.at_least = walk.at_least && from == first;
    rest.at_most = walk.at_most && to == last;
    edges.push_back({static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(to),
                     digits_between(rest, at + 1)});
  };
  const char low = walk.at_least && first < last ? static_cast<char>(first + 1) : first;
  const char high = walk.at_most && first < last ? static_cast<char>(last - 1) : last;
  if (low != first) add(first, first);
  if (low <= high) add(low, high);
  if (high != last) add(last, last);
  return automaton_.consume(edges);
}

node_id lexical_rules::magnitude(std::uint64_t least, std::uint64_t most, node_id next) {
  std::vector<node_id> free{next};
  while (free.size() < 20) free.push_back(automaton_.consume('0', '9', free.back()));
  std::vector<node_id> lengths;
  std::uint64_t power = 1;  // smallest number of this length, but for zero
  for (std::size_t length = 1; length <= 20; ++length) {
    const auto smallest = length == 1 ? 0 : power;
    const auto largest = length == 20 ? UINT64_MAX : power * 10 - 1;
    if (least <= largest && most >= smallest) {
      const auto from = std::to_string(std::max(least, smallest));
      const auto to = std::to_string(std::min(most, largest));
      lengths.push_back(digits_between({from, to, free}, 0));
    }
    if (length < 20) power *= 10;
  }
  return automaton_.branch(lengths);
}

node_id lexical_rules::integer(integer_range range, node_id next) {
  std::vector<node_id> signs;
  if (range.least <= range.most) {
    if (range.most >= 0) {
      const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(range.least, 0));
      signs.push_back(magnitude(from, static_cast<std::uint64_t>(range.most), next));
    }
    if (range.least < 0) {
      const auto from =
          static_cast<std::uint64_t>(-(std::min<std::int64_t>(range.most, -1) + 1)) + 1;
      const auto to = std::uint64_t{0} - static_cast<std::uint64_t>(range.least);
      signs.push_back(automaton_.consume('-', '-', magnitude(from, to, next)));
    }
  }
  return automaton_.branch(signs);
}

}  // namespace troupe::engine
