// Reads an engine's answer just enough to know what came: tokens, usage, finish reason, errors.
//
// Pure: bytes in, facts out. The bytes themselves pass to the client untouched.
// Bounds: an event over stream_limits::event_bytes_max is a protocol error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "actors/router/routing_types.hpp"
#include "transport/http/sse_parser.hpp"

namespace troupe::actors {

// What a piece of a streamed answer held.
struct answer_progress {
  std::uint32_t content_events = 0;  // events with generated text, tool calls or token ids
  bool malformed = false;            // an event over its bound; nothing after it is read
};

class answer_reader {
 public:
  explicit answer_reader(std::size_t event_bytes_max);

  // Feeds bytes of a text/event-stream.
  answer_progress feed(std::string_view bytes);

  // Reads a whole JSON answer.
  void read_whole(std::string_view body);

  const usage_counts& usage() const { return usage_; }
  bool done() const { return done_; }          // "[DONE]" or an error event came
  bool finished() const { return finished_; }  // a finish reason came
  bool has_error() const { return has_error_; }

  // True where the stream may be cut without leaving half an event.
  bool at_boundary() const { return parser_.at_boundary(); }

 private:
  bool read_event(std::string_view data);
  void read_json(std::string_view json, bool& has_content);

  transport::http::sse_parser parser_;
  usage_counts usage_;
  bool done_ = false;
  bool finished_ = false;
  bool has_error_ = false;
};

}  // namespace troupe::actors
