// How deep a JSON text nests, found without parsing it.
//
// Pure. For texts of any kind, also broken ones: brackets outside of strings are counted. Most of a
// prompt is long strings, and those are skipped quote by quote.
#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::actors {

// True if lists and maps nest deeper than so many levels.
bool nests_deeper(std::string_view json, std::size_t levels);

}  // namespace troupe::actors
