// What of a chunk's line Beast does not judge in time. Pure.
//
// Source: Beast 1.81 looks for the end of a quoted string beyond the end of its line, and waits for
// more bytes where none of those that came holds it.
#pragma once

#include <string_view>

namespace troupe::transport::http {

// True where these bytes begin with a chunk's whole line, or with a line end and that line, and the
// line ends within a quoted string.
bool has_open_quote(std::string_view bytes);

}  // namespace troupe::transport::http
