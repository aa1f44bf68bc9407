// How a log line looks, after its time: as text, or as the inside of a JSON object.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "runtime/log.hpp"

namespace troupe::log {

struct line_parts {
  level severity;
  std::string_view message;
  std::string_view node;  // left out where empty
  std::initializer_list<kv> fields;
};

// Returns the level's name as configuration files spell it.
std::string_view level_name(level l);

// Renders `info  message key=value key="value with spaces"`.
std::string text_line(const line_parts& parts);

// Renders `"level":"info","message":"…","key":"value"`, without braces. Bytes that are not UTF-8
// become U+FFFD, numbers that JSON lacks (nan, inf) become strings.
std::string json_line(const line_parts& parts);

}  // namespace troupe::log
