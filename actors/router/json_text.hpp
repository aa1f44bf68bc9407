// Reads JSON string literals in place: compares and unescapes them without a buffer.
//
// simdjson's own unescaping copies every byte into a buffer that may be filled only once; routing
// only compares keys and feeds text to a hash, in pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "actors/router/prefix_hash.hpp"

namespace troupe::actors {

// Returns the place of the quote that ends the literal whose first byte is at `begin`, searched
// from `from` on; npos where none does.
std::size_t json_literal_end(std::string_view json, std::size_t begin, std::size_t from);

// Feeds the text of a literal (the bytes between its quotes) to the hash, unescaped, as UTF-8; lone
// surrogates are kept as three bytes each, as Python keeps them. False where an escape is
// malformed.
bool feed_json_text(std::string_view literal, prefix_hash& out);

// Appends the text of a literal to a string. False where an escape is malformed.
bool append_json_text(std::string_view literal, std::string& out);

// True where the literal spells this text, escaped or not.
bool json_text_equals(std::string_view literal, std::string_view text);

}  // namespace troupe::actors
