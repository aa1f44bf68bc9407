#include "transport/http/sse_writer.hpp"

#include <cstddef>

namespace troupe::transport::http {

namespace {

void append_line(std::string& out, std::string_view field, std::string_view value) {
  out.append(field);
  for (const char c : value) {
    if (c != '\r' && c != '\n') out.push_back(c);
  }
  out.push_back('\n');
}

// Length of the line end at `at`: CRLF counts as one.
std::size_t line_end_bytes(std::string_view text, std::size_t at) {
  return text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
}

}  // namespace

void append_event(std::string& out, const sse_event& event) {
  if (!event.name.empty()) append_line(out, "event: ", event.name);
  if (!event.id.empty()) append_line(out, "id: ", event.id);
  std::string_view rest = event.data;
  for (std::size_t end = rest.find_first_of("\r\n"); end != std::string_view::npos;
       end = rest.find_first_of("\r\n")) {
    append_line(out, "data: ", rest.substr(0, end));
    rest.remove_prefix(end + line_end_bytes(rest, end));
  }
  append_line(out, "data: ", rest);
  out.push_back('\n');
}

void append_comment(std::string& out, std::string_view text) {
  append_line(out, ": ", text);
  out.push_back('\n');
}

}  // namespace troupe::transport::http
