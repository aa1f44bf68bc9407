#include "transport/http/chunk_line.hpp"

#include <cstddef>

namespace troupe::transport::http {

bool has_open_quote(std::string_view bytes) {
  constexpr std::string_view line_end = "\r\n";
  if (bytes.starts_with(line_end)) bytes.remove_prefix(line_end.size());
  const auto end = bytes.find(line_end);
  if (end == std::string_view::npos) return false;
  bool is_open = false;
  for (std::size_t at = 0; at < end; ++at) {
    if (bytes[at] == '"') is_open = !is_open;
    if (is_open && bytes[at] == '\\') ++at;
  }
  return is_open;
}

}  // namespace troupe::transport::http
