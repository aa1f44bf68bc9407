// How a server's connection writes its answers.

#include <utility>

#include "runtime/assert.hpp"
#include "transport/http/server_connection.hpp"

namespace troupe::transport::http {

namespace {

// A longer body is kept by its pointer: to copy it costs more than the pointer's memory.
constexpr std::size_t copied_bytes_max = 16 * 1024;

bool has_no_body(unsigned status) {
  return status / 100 == 1 || status == 204 || status == 304;
}

}  // namespace

void server_connection::begin_answer(const response_head& head, bool whole,
                                     std::size_t body_bytes) {
  bodiless_ = to_head_ || has_no_body(head.status);
  framing how;
  if (whole && !has_no_body(head.status)) how.content_length = body_bytes;
  chunked_ = !whole && http_1_1_ && !has_no_body(head.status);
  how.chunked = chunked_;
  if (scope_->stopping || (!whole && !http_1_1_)) close_after_ = true;
  how.close = close_after_;
  how.say_keep_alive = !http_1_1_ && !close_after_;
  out_.clear();
  append_head(out_, head, how, scope_->date.value());
}

void server_connection::send(response_head head, std::string body) {
  if (phase_ == phase::dead) return;
  TROUPE_ASSERT(phase_ == phase::asked);
  begin_answer(head, true, body.size());
  if (bodiless_ || body.empty()) {
    stream_->write(out_);
  } else if (body.size() < copied_bytes_max) {
    stream_->write(out_, body);
  } else {
    stream_->write(out_, std::make_shared<const std::string>(std::move(body)));
  }
  answer_complete();
}

void server_connection::start(response_head head) {
  if (phase_ == phase::dead) return;
  TROUPE_ASSERT(phase_ == phase::asked);
  begin_answer(head, false, 0);
  phase_ = phase::streaming;
  stream_->write(out_);
  if (stream_->queued_bytes() > 0) watch();
}

void server_connection::write(std::string_view bytes) {
  if (phase_ == phase::dead) return;
  TROUPE_ASSERT(phase_ == phase::streaming);
  if (bytes.empty() || bodiless_) return;
  out_.clear();
  if (chunked_) append_chunk_size(out_, bytes.size());
  stream_->write(out_, bytes, chunked_ ? "\r\n" : "");
  if (stream_->queued_bytes() > scope_->limits.queued_bytes_max) {
    scope_->tell(closing::slow_reader);
    return drop();
  }
  if (stream_->queued_bytes() > 0) watch();
}

void server_connection::finish() {
  if (phase_ == phase::dead) return;
  TROUPE_ASSERT(phase_ == phase::streaming);
  if (chunked_ && !bodiless_) stream_->write("0\r\n\r\n");
  answer_complete();
}

std::size_t server_connection::queued_bytes() const {
  return phase_ == phase::dead ? 0 : stream_->queued_bytes();
}

void server_connection::answer_complete() {
  phase_ = phase::flushing;
  if (close_after_) stream_->write_now();
  if (stream_->queued_bytes() > 0) {
    if (!advancing_) watch();
    return;
  }
  next_request();
}

void server_connection::next_request() {
  if (close_after_) {
    if (in_.empty()) return drop();
    return linger();
  }
  phase_ = phase::reading;
  since_ = begun_at_ = body_at_ = now();
  if (advancing_) return;
  if (!in_.empty()) return advance_later();
  read_on();
  watch();
}

}  // namespace troupe::transport::http
