// Reads a streamed answer: its text, when pieces of it come, what it cost, how it ended.
//
// Pure: bytes in, facts out. Bounds: an event of event_bytes_max, a text of text_bytes_max; beyond
// either the answer counts as broken.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "transport/http/sse_parser.hpp"

namespace troupe::apps::bench {

inline constexpr std::size_t event_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t text_bytes_max = 64 * 1024 * 1024;

// What an endpoint says a request cost.
struct told_usage {
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t answer_tokens = 0;
  bool is_told = false;
  bool is_cache_told = false;  // prompt_tokens_details.cached_tokens was there
};

class streamed_answer {
 public:
  streamed_answer();
  ~streamed_answer();

  // Feeds bytes of a text/event-stream; returns how many events with content they completed.
  std::uint32_t feed(std::string_view bytes);

  const std::string& text() const { return text_; }
  const told_usage& usage() const { return usage_; }

  // True once the answer is whole: a finish reason or [DONE] came, and no error.
  bool is_whole() const { return is_finished_ && error_.empty() && !is_broken_; }
  bool is_broken() const { return is_broken_; }
  const std::string& error() const { return error_; }  // of an error event; empty: none came

 private:
  struct json_state;
  bool read_event(std::string_view data);

  transport::http::sse_parser parser_;
  std::unique_ptr<json_state> json_;
  std::string text_;
  std::string error_;
  told_usage usage_;
  bool is_finished_ = false;
  bool is_broken_ = false;
};

// Reads `usage` of a whole JSON answer.
told_usage read_usage(std::string_view body);

// Reads the sentence of an error body: error.message, error, or the first bytes of what it is.
std::string read_error(std::string_view body);

// Reads the first id of a /v1/models answer; empty where there is none.
std::string read_first_model(std::string_view body);

}  // namespace troupe::apps::bench
