#include "transport/http/server_connection.hpp"
#include "transport/http/error_reply.hpp"

#include <utility>

#include "runtime/assert.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::transport::http {

namespace {

constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr std::size_t cork_bytes_max = 16 * 1024;
constexpr std::chrono::milliseconds linger_timeout{2'000};

bool has_no_body(unsigned status) {
  return status / 100 == 1 || status == 204 || status == 304;
}

constexpr request_parser::refusal late_header{408, "The request took too long."};
constexpr request_parser::refusal late_body{408, "The request body took too long."};

}  // namespace

server_connection::server_connection(std::shared_ptr<server_scope> scope)
    : scope_{std::move(scope)},
      parser_{scope_->limits},
      in_{std::min(buffer_bytes, scope_->limits.header_bytes_max + 1),
          scope_->limits.header_bytes_max + 1},
      since_{now()} {}

void server_connection::open(int socket) {
  stream_ = tcp_stream::adopt(scope_->context, socket, *this);
  session_ = scope_->factory(*this);
  if (!session_) return drop();
  read_on();
  watch();
}

void server_connection::stop() {
  if (idle()) return drop();
  close_after_ = true;
}

bool server_connection::idle() const {
  return phase_ == phase::reading && !parser_.begun() && in_.empty();
}

// --- reading -------------------------------------------------------------------------------------

void server_connection::on_read(std::size_t bytes) {
  const auto self = shared_from_this();
  if (phase_ == phase::lingering) return read_on();
  if (phase_ == phase::reading) {
    since_ = parser_.begun() && !parser_.head_done() ? since_ : now();
  }
  if (reading_body_) {
    reading_body_ = false;
    parser_.body_filled(bytes);
  } else {
    in_.filled(bytes);
  }
  advance();
}

// Delivers as many requests as are whole and answered at once.
void server_connection::advance() {
  if (advancing_) return;
  advancing_ = true;
  while (phase_ == phase::reading) {
    const std::size_t used = parser_.feed(in_.bytes());
    in_.consume(used);
    if (parser_.refused().status != 0) {
      refuse(parser_.refused());
    } else if (parser_.done()) {
      take_request();
    } else if (parser_.head_done() && parser_.expects_continue() && !continue_sent_) {
      continue_sent_ = true;
      stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
    } else if (used == 0) {
      break;
    }
  }
  advancing_ = false;
  if (phase_ == phase::dead) return;
  read_on();
  watch();
}

void server_connection::advance_later() {
  post(scope_->context, [self = shared_from_this()] {
    if (self->phase_ == phase::reading) self->advance();
  });
}

void server_connection::take_request() {
  http_1_1_ = parser_.http_1_1();
  if (!parser_.keep_alive()) close_after_ = true;
  continue_sent_ = false;
  request message = parser_.take();
  to_head_ = message.method == "HEAD";
  phase_ = phase::asked;
  session_->on_request(std::move(message));
}

// Keeps a read pending in all phases: it is how a client that leaves is noticed.
void server_connection::read_on() {
  if (phase_ == phase::dead || stream_->reading()) return;
  if (phase_ == phase::lingering) in_.consume(in_.bytes().size());
  auto room = phase_ == phase::reading && in_.empty() ? parser_.body_space() : std::span<char>{};
  reading_body_ = !room.empty();
  if (!reading_body_) room = in_.room();
  if (!room.empty()) return stream_->read(room);
  if (phase_ != phase::reading) return;
  refuse({431, "A header, chunk header or trailer is over the limit."});
}

// Answers what is no request, and closes.
void server_connection::refuse(const request_parser::refusal& why) {
  const std::string body = refusal_body(why.status, why.text);
  const response_head head{why.status, {}};
  http_1_1_ = true;
  to_head_ = false;
  close_after_ = true;
  begin_answer(head, true, body.size());
  stream_->write(out_, body);
  linger();
}

void server_connection::linger() {
  phase_ = phase::lingering;
  since_ = now();
  if (stream_->queued_bytes() == 0) stream_->shutdown_send();
  read_on();
  watch();
}

// --- answering -----------------------------------------------------------------------------------

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
  } else if (body.size() < cork_bytes_max) {
    stream_->write(out_, body);
  } else {
    stream_->write(out_, std::make_shared<const std::string>(std::move(body)));
  }
  answer_complete();
}

// The head waits for what is written in the same turn of the loop, so that a short answer leaves
// in one system call.
void server_connection::start(response_head head) {
  if (phase_ == phase::dead) return;
  TROUPE_ASSERT(phase_ == phase::asked);
  begin_answer(head, false, 0);
  phase_ = phase::streaming;
  corked_ = true;
  post(scope_->context, [self = shared_from_this()] { self->uncork(); });
}

void server_connection::uncork() {
  if (!corked_ || phase_ != phase::streaming) return;
  corked_ = false;
  stream_->write(out_);
  watch();
}

void server_connection::write(std::string_view bytes) {
  if (phase_ == phase::dead) return;
  TROUPE_ASSERT(phase_ == phase::streaming);
  if (bytes.empty() || bodiless_) return;
  if (!corked_) out_.clear();
  if (chunked_) append_chunk_size(out_, bytes.size());
  const std::string_view tail = chunked_ ? "\r\n" : "";
  if (corked_ && out_.size() + bytes.size() <= cork_bytes_max) {
    out_.append(bytes).append(tail);
    return;
  }
  corked_ = false;
  stream_->write(out_, bytes, tail);
  if (stream_->queued_bytes() > scope_->limits.queued_bytes_max) return drop();
  if (stream_->queued_bytes() > 0) watch();
}

void server_connection::finish() {
  if (phase_ == phase::dead) return;
  TROUPE_ASSERT(phase_ == phase::streaming);
  if (!corked_) out_.clear();
  corked_ = false;
  if (chunked_ && !bodiless_) out_.append("0\r\n\r\n");
  if (!out_.empty()) stream_->write(out_);
  answer_complete();
}

std::size_t server_connection::queued_bytes() const {
  return phase_ == phase::dead ? 0 : stream_->queued_bytes();
}

void server_connection::answer_complete() {
  phase_ = phase::flushing;
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
  since_ = now();
  if (advancing_) return;
  if (!in_.empty()) return advance_later();
  read_on();
  watch();
}

// --- the end -------------------------------------------------------------------------------------

void server_connection::on_written() {
  const auto self = shared_from_this();
  if (phase_ == phase::flushing) {
    next_request();
  } else if (phase_ == phase::lingering) {
    stream_->shutdown_send();
  } else if (phase_ == phase::streaming) {
    session_->on_drain();
  }
}

void server_connection::on_lost(tcp_stream::loss what, const std::string&) {
  const auto self = shared_from_this();
  // A client may shut down its sending side and still read the rest of its answer.
  if (what == tcp_stream::loss::end && phase_ == phase::flushing) {
    close_after_ = true;
    return;
  }
  drop();
}

void server_connection::drop() {
  if (phase_ == phase::dead) return;
  phase_ = phase::dead;
  stream_->close();
  const auto self = shared_from_this();
  scope_->connections.erase(this);
  post(scope_->context, [self] {
    if (self->session_) self->session_->on_close();
    self->session_.reset();
    self->scope_->check_drained();
  });
}

time_point server_connection::due() const {
  const auto& limits = scope_->limits;
  if (phase_ == phase::lingering) return since_ + linger_timeout;
  if (phase_ == phase::reading) {
    if (parser_.head_done()) return since_ + limits.body_timeout;
    return since_ + (idle() ? limits.idle_timeout : limits.header_timeout);
  }
  if (phase_ == phase::dead || stream_->queued_bytes() == 0) return time_point::max();
  return stream_->progress_at() + limits.write_timeout;
}

void server_connection::on_deadline() {
  const auto self = shared_from_this();
  if (now() < due()) return watch();
  if (phase_ != phase::reading || idle()) return drop();
  refuse(parser_.head_done() ? late_body : late_header);
}

void server_scope::check_drained() {
  if (!stopping || !connections.empty() || !drained) return;
  std::exchange(drained, nullptr)();
}

}  // namespace troupe::transport::http
