// How Python writes values: str(), repr() and json.dumps().
//
// Errors: json_text gives nothing for what JSON cannot hold (undefined, namespaces, functions).
#pragma once

#include <optional>
#include <string>

#include "engine/embedded/text/template_value.hpp"

namespace troupe::engine {

// Writes a value as {{ }} prints it; undefined prints nothing.
std::string text_of(const template_value& value);

// Writes a value as it looks inside a printed list.
std::string repr_of(const template_value& value);

struct json_style {
  int indent = -1;  // spaces a level; negative: all on one line
  bool ascii = false;
  bool sort_keys = false;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

// Writes a value as json.dumps does.
std::optional<std::string> json_text(const template_value& value, const json_style& style);

}  // namespace troupe::engine
