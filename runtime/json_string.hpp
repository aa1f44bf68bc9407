// Writes JSON strings: the one place that knows what must be escaped.
#pragma once

#include <string>
#include <string_view>

namespace troupe {

// Appends text as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace troupe
