#include "transport/http/response_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

#include "transport/http/chunk_line.hpp"

namespace troupe::transport::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using text = boost::beast::string_view;

constexpr std::size_t fields_expected = 16;

// An empty chunked body must not be offered to Beast 1.81 in less: after "0\r\n" it asserts that
// more than one byte follows, and would abort the process.
constexpr std::size_t chunk_header_bytes_min = 5;

std::string_view view(text t) {
  return {t.data(), t.size()};
}

// Collects one head, and the pieces of a chunked body, from the parser's events.
class collector final : public beast_http::basic_parser<false> {
 public:
  collector(std::size_t header_bytes_max, bool to_head_request, std::string& joined)
      : joined_{joined} {
    const auto most = std::numeric_limits<std::uint32_t>::max();
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(header_bytes_max + 1, most)));
    body_limit(boost::none);
    eager(false);
    skip(to_head_request);
  }

  response_head head;
  std::string_view body;  // of the current put
  unsigned lengths = 0;
  bool http_1_1 = true;
  bool has_coding = false;
  bool unknown_coding = false;
  bool in_chunk = false;  // the next bytes are data

 private:
  void on_request_impl(beast_http::verb, text, text, int, error_code&) override {}

  void on_response_impl(int code, text, int version, error_code& error) override {
    head.status = static_cast<unsigned>(code);
    http_1_1 = version == 11;
    if (code < 100) error = beast_http::error::bad_status;
    head.fields.reserve(fields_expected);
  }

  void on_field_impl(beast_http::field id, text name, text value, error_code& error) override {
    if (is_header_done()) return;
    if (id == beast_http::field::content_length) {
      ++lengths;
      if (!is_plain_number(view(value))) error = beast_http::error::bad_content_length;
    }
    if (id == beast_http::field::transfer_encoding) {
      has_coding = true;
      unknown_coding |= !same_token(view(value), "chunked");
    }
    head.fields.add(view(name), view(value));
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(text bytes, error_code&) override { return bytes.size(); }

  void on_chunk_header_impl(std::uint64_t, text extensions, error_code& error) override {
    if (!is_plain_extension(view(extensions))) error = beast_http::error::bad_chunk_extension;
  }

  // One piece stays where it is; several of one read are joined, so that they travel on as one.
  std::size_t on_chunk_body_impl(std::uint64_t left, text bytes, error_code&) override {
    in_chunk = bytes.size() < left;
    if (body.empty()) {
      body = view(bytes);
    } else {
      if (body.data() != joined_.data()) joined_.assign(body);
      joined_.append(bytes.data(), bytes.size());
      body = joined_;
    }
    return bytes.size();
  }

  void on_finish_impl(error_code&) override {}

  std::string& joined_;
};

}  // namespace

struct response_parser::state {
  explicit state(std::size_t max) : header_bytes_max{max} { restart(false); }

  void restart(bool head_request) {
    to_head_request = head_request;
    next_head();
    header_bytes = 0;
    remaining.reset();
    body = {};
    complete = false;
    failure.clear();
  }

  void next_head() { core.emplace(header_bytes_max, to_head_request, joined); }
  void fail(std::string why) { failure = std::move(why); }

  std::size_t feed_head(std::string_view bytes);
  void head_completed();
  std::size_t feed_chunks(std::string_view bytes);
  std::size_t feed_plain(std::string_view bytes);

  std::size_t header_bytes_max;
  std::string joined;
  std::optional<collector> core;
  std::string failure;
  std::string_view body;
  std::optional<std::uint64_t> remaining;  // of a body of known length
  std::size_t header_bytes = 0;
  bool to_head_request = false;
  bool complete = false;
};

std::size_t response_parser::state::feed_head(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size()) {
    error_code error;
    const auto rest = boost::asio::buffer(bytes.data() + used, bytes.size() - used);
    const std::size_t taken = core->put(rest, error);
    used += taken;
    header_bytes += taken;
    const bool more = error == beast_http::error::need_more;
    if (error && !more) {
      fail("the answer is not valid HTTP: " + error.message());
    } else if (header_bytes + (more ? bytes.size() - used : 0) > header_bytes_max) {
      fail("the answer's header is over " + std::to_string(header_bytes_max) + " bytes");
    }
    if (error || !failure.empty()) break;
    if (!core->is_header_done()) continue;
    if (core->head.status >= 200 || core->head.status == 101) {
      head_completed();
      break;
    }
    next_head();  // an interim answer; the real one follows
  }
  return used;
}

void response_parser::state::head_completed() {
  if (core->head.status == 101) return fail("the answer switches protocols");
  if (core->unknown_coding) return fail("the answer has a transfer coding other than chunked");
  if (core->has_coding && !core->http_1_1) return fail("an HTTP/1.0 answer is chunked");
  if (core->lengths > 1) return fail("the answer has more than one Content-Length");
  complete = core->is_done();
  if (const auto length = core->content_length(); length && !complete) remaining = *length;
  core->eager(true);
}

std::size_t response_parser::state::feed_chunks(std::string_view bytes) {
  if (!core->in_chunk && bytes.front() == '0' && bytes.size() < chunk_header_bytes_min) return 0;
  if (!core->in_chunk && has_open_quote(bytes)) {
    fail("a chunk's extension is malformed");
    return 0;
  }
  error_code error;
  core->body = {};
  const std::size_t used = core->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast_http::error::need_more) {
    fail("the answer's chunked body is malformed: " + error.message());
  }
  body = core->body;
  complete = core->is_done();
  return used;
}

std::size_t response_parser::state::feed_plain(std::string_view bytes) {
  if (remaining) {
    bytes = bytes.substr(0, std::min<std::uint64_t>(*remaining, bytes.size()));
    *remaining -= bytes.size();
    complete = *remaining == 0;
  }
  body = bytes;
  return bytes.size();
}

response_parser::response_parser(std::size_t header_bytes_max)
    : state_{std::make_unique<state>(header_bytes_max)} {}

response_parser::~response_parser() = default;

void response_parser::expect_answer(bool to_head_request) {
  state_->restart(to_head_request);
}

std::size_t response_parser::feed(std::string_view bytes) {
  state_->body = {};
  if (bytes.empty() || state_->complete || failed()) return 0;
  if (!head_done()) return state_->feed_head(bytes);
  return state_->core->chunked() ? state_->feed_chunks(bytes) : state_->feed_plain(bytes);
}

std::string_view response_parser::body() const {
  return state_->body;
}

bool response_parser::head_done() const {
  return state_->core->is_header_done();
}

bool response_parser::done() const {
  return state_->complete && !failed();
}

bool response_parser::failed() const {
  return !state_->failure.empty();
}

const std::string& response_parser::failure() const {
  return state_->failure;
}

bool response_parser::finish_at_close() {
  if (!head_done() || failed()) return false;
  if (!state_->complete && !state_->core->chunked() && !state_->remaining) state_->complete = true;
  return state_->complete;
}

bool response_parser::keep_alive() const {
  return state_->core->keep_alive();
}

response_head response_parser::take_head() {
  return std::move(state_->core->head);
}

}  // namespace troupe::transport::http
