// Parses HTTP/1.1 requests incrementally: heads by Beast's parser, bodies into one string.
//
// Bounds: header bytes (also of chunk headers and trailers, by the caller's buffer), fields, target
// and body bytes of http_limits; what exceeds them or breaks the protocol is refused with a status
// to answer.
// Source: RFC 9112; stricter where leniency lets two parsers disagree: one Content-Length and none
// beside Transfer-Encoding, no coding but "chunked", no folded lines, one Host, no white space in
// a chunk's line (request_rules.hpp has the rest).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "config/limits.hpp"
#include "transport/http/message.hpp"
#include "transport/http/request_rules.hpp"

namespace troupe::transport::http {

class request_parser {
 public:
  explicit request_parser(const config::http_limits& limits);
  ~request_parser();

  // Consumes a prefix of the bytes, never beyond the end of a request, and returns its length.
  // What is left over must be offered again together with what follows it.
  std::size_t feed(std::string_view bytes);

  // True once a byte of the current request was consumed.
  bool begun() const;
  bool head_done() const;
  bool done() const;
  bool to_head() const;  // the method is HEAD, as far as it is known
  const refusal& refused() const;

  // Where the rest of a body of known length may be read to, without a copy; empty otherwise.
  // Grows in steps, so that a large Content-Length alone takes no memory.
  std::span<char> body_space();
  void body_filled(std::size_t bytes);

  // Known once the head is done.
  bool keep_alive() const;
  bool http_1_1() const;
  bool expects_continue() const;

  // Takes the finished request and starts over.
  request take();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::transport::http
