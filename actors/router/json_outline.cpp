#include "actors/router/json_outline.hpp"

#include <algorithm>
#include <functional>

#include <simdjson.h>

#include "actors/router/json_text.hpp"
#include "runtime/vector_clones.hpp"

namespace troupe::actors {
namespace {

// Shorter texts are parsed as they are.
constexpr std::size_t outlined_bytes_min = 2 * json_outline::long_literal_bytes;

// Which bytes a piece of a text has, as far as it matters for the end of a string.
struct byte_kinds {
  unsigned char lowest = 0xff;
  unsigned char bits = 0;    // of all of them
  unsigned char quotes = 0;  // not 0: there are any
};

constexpr std::size_t block_bytes = 512;
static_assert(block_bytes <= json_outline::long_literal_bytes);

// Written such that a compiler makes vector instructions of it.
TROUPE_VECTOR_CLONES byte_kinds kinds_of_block(const char* block) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(block);
  unsigned char lowest = 0xff, bits = 0, quotes = 0;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    lowest = std::min(lowest, bytes[i]);
    bits |= bytes[i];
    quotes |= bytes[i] == '"' ? 0xff : 0;
  }
  return {lowest, bits, quotes};
}

// Returns the place of the quote that ends the literal whose first byte is at `begin`; npos where
// none does, or where JSON forbids bytes of the literal.
std::size_t long_literal_end(std::string_view json, std::size_t begin) {
  constexpr auto none = std::string_view::npos;
  unsigned char lowest = 0xff, bits = 0;
  const auto add = [&](const byte_kinds& kinds) {
    lowest = std::min(lowest, kinds.lowest);
    bits |= kinds.bits;
  };
  auto at = begin;
  auto end = none;
  for (; end == none && json.size() - at >= block_bytes; at += block_bytes) {
    const auto block = kinds_of_block(json.data() + at);
    if (block.quotes != 0) end = json_literal_end(json.substr(0, at + block_bytes), begin, at);
    if (end == none) add(block);
  }
  if (end == none) end = json_literal_end(json, begin, at);
  if (end == none) return none;
  add(kinds_of_block(json.data() + end - block_bytes));  // what is left, and what was before it
  const bool fits =
      lowest >= 0x20 && (bits < 0x80 || simdjson::validate_utf8(json.data() + begin, end - begin));
  return fits ? end : none;
}

bool lies_in(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> not_after;
  return not_after(whole.data(), part.data()) &&
         not_after(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

bool json_outline::read(const std::string& text) {
  text_ = text;
  cuts_.clear();
  if (text.size() >= outlined_bytes_min && !leave_out_long_literals(text)) return false;
  if (cuts_.empty()) take_whole(text);
  return true;
}

bool json_outline::leave_out_long_literals(std::string_view text) {
  own_.clear();
  std::size_t kept = 0;
  std::size_t quote = 0;
  while ((quote = text.find('"', quote)) != std::string_view::npos) {
    const auto begin = quote + 1;
    auto end = json_literal_end(text.substr(0, begin + long_literal_bytes), begin, begin);
    if (end == std::string_view::npos) {
      end = long_literal_end(text, begin);
      if (end == std::string_view::npos) return false;
      own_.append(text, kept, begin - kept);
      cuts_.push_back({own_.size(), text.substr(begin, end - begin)});
      kept = end;
    }
    quote = end + 1;
  }
  if (cuts_.empty()) return true;
  own_.append(text, kept);
  own_.reserve(own_.size() + simdjson::SIMDJSON_PADDING);
  json_ = own_;
  capacity_ = own_.capacity();
  return true;
}

void json_outline::take_whole(const std::string& text) {
  json_ = text;
  capacity_ = text.capacity();
  if (capacity_ - text.size() >= simdjson::SIMDJSON_PADDING) return;
  own_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  json_ = own_ = text;
  capacity_ = own_.capacity();
}

std::string_view json_outline::original(std::string_view literal) const {
  if (!literal.empty() || cuts_.empty()) return literal;
  const auto at = static_cast<std::size_t>(literal.data() - json_.data());
  const auto found = std::ranges::lower_bound(cuts_, at, {}, &cut::at);
  return found != cuts_.end() && found->at == at ? found->literal : literal;
}

std::size_t json_outline::position(std::string_view literal) const {
  if (lies_in(literal, text_)) return static_cast<std::size_t>(literal.data() - text_.data());
  const auto at = static_cast<std::size_t>(literal.data() - json_.data());
  std::size_t left_out = 0;  // before it
  for (const auto& each : cuts_) left_out += each.at <= at ? each.literal.size() : 0;
  return at + left_out;
}

}  // namespace troupe::actors
