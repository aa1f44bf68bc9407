#include "transport/http/request_parser.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "runtime/assert.hpp"
#include "transport/http/chunk_line.hpp"
#include "transport/http/request_collector.hpp"
#include "transport/http/resize_unfilled.hpp"

namespace troupe::transport::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t body_step_bytes = 256 * 1024;

// Kept free behind a body of known length: readers that look ahead, as simdjson does, need no copy.
constexpr std::size_t body_slack_bytes = 64;

// An empty chunked body must not be offered to Beast 1.81 in less: after "0\r\n" it asserts that
// more than one byte follows, and would abort the process.
constexpr std::size_t chunk_header_bytes_min = 5;

constexpr std::size_t empty_lines_bytes_max = 16;

refusal header_too_large(const config::http_limits& limits) {
  return {431, "The request line and header fields are over " +
                   std::to_string(limits.header_bytes_max) + " bytes."};
}

refusal refusal_of(const error_code& error, const request_collector& core,
                   const config::http_limits& limits) {
  if (core.too_many_fields) {
    return {431,
            "The request has more than " + std::to_string(limits.fields_max) + " header fields."};
  }
  if (error == beast_http::error::header_limit) return header_too_large(limits);
  if (error == beast_http::error::body_limit) {
    return {413, "The request body is over " + std::to_string(limits.body_bytes_max) + " bytes."};
  }
  if (error == beast_http::error::bad_chunk || error == beast_http::error::bad_chunk_extension) {
    return {400, "The chunked request body is malformed."};
  }
  if (error == beast_http::error::bad_content_length ||
      error == beast_http::error::multiple_content_length ||
      error == beast_http::error::bad_transfer_encoding) {
    return {400, "The length of the request body is ambiguous."};
  }
  return {400, "The request is not valid HTTP."};
}

// True if a line of the head continues the one before it.
bool has_folded_line(std::string_view head) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos && at + 2 < head.size();
       at = head.find("\r\n", at + 2)) {
    if (head[at + 2] == ' ' || head[at + 2] == '\t') return true;
  }
  return false;
}

}  // namespace

struct request_parser::state {
  explicit state(const config::http_limits& l) : limits{l} { core.emplace(limits); }

  void restart() {
    core.emplace(limits);
    header_bytes = 0;
    body_bytes = 0;
    length = 0;
    complete = false;
  }

  std::size_t skip_empty_lines(std::string_view bytes);
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_lines(std::string_view bytes, std::string_view line);
  std::size_t feed_length(std::string_view bytes);
  std::size_t feed_chunks(std::string_view bytes);

  config::http_limits limits;
  std::optional<request_collector> core;
  refusal refused;
  std::size_t header_bytes = 0;  // consumed so far
  std::size_t body_bytes = 0;    // of a body of known length, so far
  std::size_t length = 0;        // of that body
  bool complete = false;
};

// Old clients send an empty line after a body: it is no request line (RFC 9112, 2.2).
std::size_t request_parser::state::skip_empty_lines(std::string_view bytes) {
  std::size_t skipped = 0;
  while (bytes.substr(skipped).starts_with("\r\n")) skipped += 2;
  return skipped;
}

std::size_t request_parser::state::feed_head(std::string_view bytes) {
  std::size_t skipped = 0;
  if (!core->got_some()) {
    skipped = skip_empty_lines(bytes);
    header_bytes += skipped;
    bytes.remove_prefix(skipped);
    if (header_bytes > empty_lines_bytes_max) refused = {400, "Empty lines are no request."};
    if (refused.status != 0 || bytes.empty() || bytes == "\r") return skipped;
  }
  // Empty once the request line is behind us. Until then it is offered from its start.
  const auto line = core->has_line ? std::string_view{} : bytes.substr(0, bytes.find("\r\n"));
  refused = judge_line_length(line, limits);
  return refused.status != 0 ? skipped : skipped + feed_lines(bytes, line);
}

std::size_t request_parser::state::feed_lines(std::string_view bytes, std::string_view line) {
  error_code error;
  std::size_t used = 0;
  while (!core->is_header_done() && !error && used < bytes.size()) {
    used += core->put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), error);
  }
  header_bytes += used;
  // Bytes not consumed are read again with the next ones, so every line is checked once whole.
  if (has_folded_line(bytes.substr(0, used))) {
    refused = {400, "Header fields must not span lines."};
  } else if (error == beast_http::error::bad_version) {
    refused = refusal_of_version(line);
  } else if (error && error != beast_http::error::need_more) {
    refused = refusal_of(error, *core, limits);
  } else if (header_bytes + (error ? bytes.size() - used : 0) > limits.header_bytes_max) {
    refused = header_too_large(limits);
  } else if (core->is_header_done()) {
    refused = judge_head(core->message, core->facts, limits);
    complete = core->is_done();
    if (const auto known = core->content_length()) length = static_cast<std::size_t>(*known);
    core->eager(true);
  }
  return used;
}

std::size_t request_parser::state::feed_length(std::string_view bytes) {
  const std::size_t used = std::min(bytes.size(), length - body_bytes);
  auto& body = core->message.body;
  body.resize(body_bytes);
  if (body.empty()) {
    body.reserve(std::min(length, std::max(used, body_step_bytes)) + body_slack_bytes);
  }
  body.append(bytes.substr(0, used));
  body_bytes += used;
  complete = body_bytes == length;
  return used;
}

std::size_t request_parser::state::feed_chunks(std::string_view bytes) {
  if (!core->in_chunk && bytes.front() == '0' && bytes.size() < chunk_header_bytes_min) return 0;
  if (!core->in_chunk && has_open_quote(bytes)) {
    refused = {400, "A chunk's extension is malformed."};
    return 0;
  }
  error_code error;
  const std::size_t used = core->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast_http::error::need_more) refused = refusal_of(error, *core, limits);
  complete = core->is_done();
  return used;
}

request_parser::request_parser(const config::http_limits& limits)
    : state_{std::make_unique<state>(limits)} {}

request_parser::~request_parser() = default;

std::size_t request_parser::feed(std::string_view bytes) {
  if (bytes.empty() || state_->complete || state_->refused.status != 0) return 0;
  std::size_t used = 0;
  if (!head_done()) {
    used = state_->feed_head(bytes);
    bytes.remove_prefix(used);
    if (!head_done() || state_->refused.status != 0) return used;
  }
  if (state_->complete || bytes.empty()) return used;
  return used + (state_->core->chunked() ? state_->feed_chunks(bytes) : state_->feed_length(bytes));
}

bool request_parser::begun() const {
  return state_->core->got_some();
}

bool request_parser::head_done() const {
  return state_->core->is_header_done();
}

bool request_parser::done() const {
  return state_->complete && state_->refused.status == 0;
}

bool request_parser::to_head() const {
  return state_->core->message.method == "HEAD";
}

const refusal& request_parser::refused() const {
  return state_->refused;
}

std::span<char> request_parser::body_space() {
  if (!head_done() || state_->complete || state_->core->chunked()) return {};
  auto& body = state_->core->message.body;
  const std::size_t filled = state_->body_bytes;
  if (body.size() == filled) {
    const std::size_t wanted = std::min(state_->length, filled + body_step_bytes);
    if (body.capacity() < wanted) {
      const auto more = std::max(2 * body.capacity(), body_step_bytes);
      body.reserve(std::min(state_->length, more) + body_slack_bytes);
    }
    resize_unfilled(body, wanted);
  }
  return {body.data() + filled, body.size() - filled};
}

void request_parser::body_filled(std::size_t bytes) {
  state_->body_bytes += bytes;
  TROUPE_ASSERT(state_->body_bytes <= state_->core->message.body.size());
  state_->complete = state_->body_bytes == state_->length;
}

bool request_parser::keep_alive() const {
  return state_->core->keep_alive();
}

bool request_parser::http_1_1() const {
  return state_->core->facts.http_1_1;
}

bool request_parser::expects_continue() const {
  return state_->core->expects_continue && state_->core->facts.http_1_1;
}

request request_parser::take() {
  TROUPE_ASSERT(done());
  request message = std::move(state_->core->message);
  state_->restart();
  return message;
}

}  // namespace troupe::transport::http
