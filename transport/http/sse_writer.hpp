// Frames events of a text/event-stream.
//
// Source: WHATWG HTML, section 9.2 (server-sent events).
#pragma once

#include <string>
#include <string_view>

#include "transport/http/sse_parser.hpp"

namespace troupe::transport::http {

// Appends one event; data of several lines becomes several data fields. Empty name and id are left
// out. Name and id must be one line (line ends in them are dropped).
void append_event(std::string& out, const sse_event& event);

// Appends a comment line, which clients ignore: it keeps an idle stream alive.
void append_comment(std::string& out, std::string_view text);

}  // namespace troupe::transport::http
