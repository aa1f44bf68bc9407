#include "engine/embedded/grammar/schema_merge.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 17> annotations{
    "$schema",         "$id",         "$comment",      "$defs",
    "definitions",     "title",       "description",   "default",
    "examples",        "deprecated",  "readOnly",      "writeOnly",
    "format",          "$vocabulary", "discriminator", "contentEncoding",
    "contentMediaType"};

// A schema that says additionalProperties speaks of its own properties only: neighbours may not add
// to them unseen.
bool closes_over(const json& a, const json& b) {
  return a.contains("additionalProperties") && b.contains("properties");
}

bool merge_members(json& into, const json& more) {
  if (!into.is_object() || !more.is_object()) return false;
  for (const auto& [name, value] : more.items()) {
    const auto found = into.find(name);
    if (found == into.end()) {
      into[name] = value;
    } else if (*found != value) {
      return false;
    }
  }
  return true;
}

bool merge_names(json& into, const json& more) {
  if (!into.is_array() || !more.is_array()) return false;
  for (const auto& name : more) {
    if (std::find(into.begin(), into.end(), name) == into.end()) into.push_back(name);
  }
  return true;
}

bool merge_keyword(const std::string& keyword, json& into, const json& more) {
  if (into == more) return true;
  if (keyword == "properties") return merge_members(into, more);
  if (keyword == "required") return merge_names(into, more);
  return false;
}

}  // namespace

bool is_annotation(std::string_view keyword) {
  return std::find(annotations.begin(), annotations.end(), keyword) != annotations.end();
}

bool has_assertions(const json& schema, std::string_view except) {
  for (const auto& [keyword, value] : schema.items()) {
    if (keyword != except && !is_annotation(keyword)) return true;
  }
  return false;
}

std::optional<std::string> merge_schema(json& schema, const json& more) {
  if (closes_over(schema, more) || closes_over(more, schema)) return "additionalProperties";
  for (const auto& [keyword, value] : more.items()) {
    if (is_annotation(keyword)) continue;
    const auto found = schema.find(keyword);
    if (found == schema.end()) {
      schema[keyword] = value;
    } else if (!merge_keyword(keyword, *found, value)) {
      return keyword;
    }
  }
  return std::nullopt;
}

}  // namespace troupe::engine
