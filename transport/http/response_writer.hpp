// Writes the head of an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/http/message.hpp"

namespace troupe::transport::http {

// How the end of an answer is told on this connection.
struct framing {
  std::optional<std::size_t> content_length;
  bool chunked = false;
  bool close = false;           // adds Connection: close
  bool say_keep_alive = false;  // HTTP/1.0 clients want it said
};

// The current Date field, formatted at most once a second.
class date_field {
 public:
  // Returns it, as RFC 9110 spells dates.
  std::string_view value();

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

// Appends status line and fields. Framing, Connection, Date and Server are ours: the head's own are
// left out, and so are fields whose name or value is not one line.
void append_head(std::string& out, const response_head& head, const framing& how,
                 std::string_view date);

// Appends one chunk's size line.
void append_chunk_size(std::string& out, std::size_t bytes);

}  // namespace troupe::transport::http
