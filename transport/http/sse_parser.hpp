// Splits a text/event-stream into events, whatever way its bytes are cut.
//
// Bounds: an event over `event_bytes_max` is a protocol error.
// Source: WHATWG HTML, section 9.2 (server-sent events).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::transport::http {

struct sse_event {
  std::string_view name;  // empty: "message"
  std::string_view data;  // lines joined by '\n'
  std::string_view id;
};

class sse_parser {
 public:
  explicit sse_parser(std::size_t event_bytes_max) : event_bytes_max_{event_bytes_max} {}

  // Feeds bytes and calls sink(const sse_event&) for each event they complete; the views are valid
  // during the call. Returns false once an event exceeds the bound.
  template <class Sink>
  bool feed(std::string_view bytes, Sink&& sink) {
    while (!bytes.empty()) {
      bytes.remove_prefix(take_line(bytes));
      if (failed_) return false;
      if (event_ready_) {
        sink(sse_event{name_, data_, id_});
        clear_event();
      }
    }
    return !failed_;
  }

  // True between events: the stream may end here without losing anything.
  bool at_boundary() const { return line_.empty() && !has_data_ && name_.empty(); }

 private:
  bool fits(std::size_t line_bytes) const;

  // Consumes bytes up to one end of line (or all) and returns how many.
  std::size_t take_line(std::string_view bytes);
  void take_field(std::string_view line);
  void clear_event();

  std::size_t event_bytes_max_;
  std::string line_, name_, data_, id_;
  bool first_line_ = true;  // it may start with a byte order mark
  bool has_data_ = false;
  bool last_was_cr_ = false;
  bool event_ready_ = false;
  bool failed_ = false;
};

}  // namespace troupe::transport::http
