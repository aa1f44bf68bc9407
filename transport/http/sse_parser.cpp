#include "transport/http/sse_parser.hpp"

namespace troupe::transport::http {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

bool sse_parser::fits(std::size_t line_bytes) const {
  return line_bytes + data_.size() + name_.size() <= event_bytes_max_;
}

std::size_t sse_parser::take_line(std::string_view bytes) {
  if (last_was_cr_) {
    last_was_cr_ = false;
    if (bytes.front() == '\n') return 1;
  }
  const std::size_t end = bytes.find_first_of("\r\n");
  const std::string_view piece = bytes.substr(0, end);
  if (!fits(line_.size() + piece.size())) {
    failed_ = true;
    return piece.size();
  }
  if (end == std::string_view::npos) {
    line_.append(piece);
    return piece.size();
  }
  last_was_cr_ = bytes[end] == '\r';
  if (line_.empty()) {
    take_field(piece);
  } else {
    line_.append(piece);
    take_field(line_);
    line_.clear();
  }
  return end + 1;
}

void sse_parser::take_field(std::string_view line) {
  if (first_line_) {
    first_line_ = false;
    if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  }
  if (line.empty()) {
    // An event without data is dropped, its name with it.
    if (has_data_) {
      event_ready_ = true;
    } else {
      clear_event();
    }
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) {
    value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
  }
  if (name == "data") {
    if (has_data_) data_.push_back('\n');
    data_.append(value);
    has_data_ = true;
  } else if (name == "event") {
    name_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;  // stays for later events, as a client's last event id does
  }
}

void sse_parser::clear_event() {
  data_.clear();
  name_.clear();
  has_data_ = false;
  event_ready_ = false;
}

}  // namespace troupe::transport::http
