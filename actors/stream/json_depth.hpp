// How deep a JSON text nests, found without parsing it.
//
// Pure. For texts of any kind, also broken ones: brackets outside of strings are counted. Most of a
// prompt is long strings, and those are skipped quote by quote, or at once where somebody knows
// them.
#pragma once

#include <cstddef>
#include <string_view>

#include "actors/router/model_names.hpp"

namespace troupe::actors {

// True if lists and maps nest deeper than so many levels. `known` is a string of valid JSON,
// without its quotes.
bool nests_deeper(std::string_view json, std::size_t levels, body_place known = {});

}  // namespace troupe::actors
