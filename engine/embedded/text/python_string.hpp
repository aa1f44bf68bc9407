// Python's string operations on UTF-8 text: positions and lengths are in characters.
//
// Units: characters are code points; case changes touch ASCII letters only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::engine {

enum class strip_side { both, left, right };

// Tells whether str.isspace() holds for a character.
bool is_python_space(char32_t code);

// Splits text into its characters, each a view of its bytes.
std::vector<std::string_view> characters(std::string_view text);

// Counts the characters.
std::size_t character_count(std::string_view text);

// Strips the given characters, or whitespace, from the ends.
std::string_view strip(std::string_view text, strip_side side,
                       std::optional<std::string_view> unwanted = {});

// Splits at a separator, or at runs of whitespace; at most so many times (negative: no limit), from
// the left or the right.
std::vector<std::string_view> split(std::string_view text,
                                    std::optional<std::string_view> separator,
                                    std::ptrdiff_t limit = -1, bool from_right = false);

// Splits into lines, as str.splitlines() does for the line ends of ASCII.
std::vector<std::string_view> split_lines(std::string_view text);

// Replaces the first so many occurrences (negative: all).
std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::ptrdiff_t limit = -1);

// Changes case, ASCII only.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_capital(std::string_view text);

// Capitalises words: str.title() starts one after every non-letter, jinja2's filter after spaces
// and -({[< only.
std::string to_title(std::string_view text, bool as_filter);

}  // namespace troupe::engine
