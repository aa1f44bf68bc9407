// Merges two schemas that must both hold into one, where that is a mere union of their keywords.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace troupe::engine {

// Returns whether a keyword describes values without constraining them.
bool is_annotation(std::string_view keyword);

// Returns whether a schema has keywords that constrain values, beside `except`.
bool has_assertions(const nlohmann::ordered_json& schema, std::string_view except);

// Adds the keywords of `more` to `schema`. Returns the keyword that stands in the way, if any:
// present in both with different values, or closing an object that the other one extends.
std::optional<std::string> merge_schema(nlohmann::ordered_json& schema,
                                        const nlohmann::ordered_json& more);

}  // namespace troupe::engine
