// Parses HTTP/1.1 answers incrementally: heads and chunked bodies by Beast's parser.
//
// Bounds: header bytes (interim answers included); bodies are passed on, not kept.
// Source: RFC 9112. Codings other than "chunked" are refused, and so is every ambiguous framing: an
// engine must not be able to answer the next request, too.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "transport/http/message.hpp"

namespace troupe::transport::http {

class response_parser {
 public:
  explicit response_parser(std::size_t header_bytes_max);
  ~response_parser();

  // Starts over for the answer to the next request.
  void expect_answer(bool to_head_request);

  // Consumes a prefix of the bytes and returns its length: either up to the end of the head, or
  // some of the body. What is left over must be offered again together with what follows it.
  std::size_t feed(std::string_view bytes);

  // Body bytes of the last feed, valid until the next.
  std::string_view body() const;

  bool head_done() const;
  bool done() const;
  bool failed() const;
  const std::string& failure() const;

  // Ends the answer where the peer closed; false if that cuts it.
  bool finish_at_close();

  // True if the connection may carry another exchange after this answer.
  bool keep_alive() const;

  // Takes the head, once it is done.
  response_head take_head();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::transport::http
