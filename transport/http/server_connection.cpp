#include "transport/http/server_connection.hpp"

#include <utility>

#include "runtime/assert.hpp"
#include "transport/http/error_reply.hpp"
#include "transport/http/tls_stream.hpp"

namespace troupe::transport::http {

namespace {

constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr std::chrono::milliseconds linger_timeout{2'000};

// What was sent before we told anybody that we stop is here by then.
constexpr std::chrono::milliseconds stop_grace{100};

constexpr const char* late_header = "The request's header took too long.";
constexpr const char* late_body = "The request's body took too long.";

}  // namespace

server_connection::server_connection(std::shared_ptr<server_scope> scope,
                                     const client_address& client)
    : scope_{std::move(scope)},
      parser_{scope_->limits},
      in_{std::min(buffer_bytes, scope_->limits.header_bytes_max + 1),
          scope_->limits.header_bytes_max + 1},
      client_{client},
      since_{now()} {}

void server_connection::open(int socket) {
  stream_ = scope_->tls ? shake_hands(socket) : tcp_stream::adopt(scope_->context, socket, *this);
  session_ = scope_->factory(*this);
  if (!session_) return drop();
  read_on();
  watch();
}

std::shared_ptr<tcp_stream> server_connection::shake_hands(int socket) {
  ++scope_->handshakes;
  std::shared_ptr<void> slot{nullptr, [scope = scope_](void*) { --scope->handshakes; }};
  return adopt_tls(
      scope_->context, socket, *this,
      {scope_->tls->current(now()), scope_->limits.handshake_timeout, std::move(slot)});
}

void server_connection::stop() {
  close_after_ = true;
  watch();
}

bool server_connection::idle() const {
  return phase_ == phase::reading && !parser_.begun() && in_.empty();
}

// --- reading -------------------------------------------------------------------------------------

void server_connection::on_read(std::size_t bytes) {
  const auto self = shared_from_this();
  if (phase_ == phase::lingering) return read_on();
  if (phase_ == phase::reading) {
    body_at_ = now();
    if (idle()) begun_at_ = body_at_;
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
  since_ = now();
  overdue_ = false;
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
  refuse({431, "A header, chunk header or trailer is over " +
                   std::to_string(scope_->limits.header_bytes_max) + " bytes."});
}

// Answers what is no request, and closes.
void server_connection::refuse(const refusal& why) {
  const std::string body = refusal_body(why.status, why.text);
  const response_head head{why.status, {}};
  http_1_1_ = true;
  to_head_ = parser_.to_head();
  close_after_ = true;
  begin_answer(head, true, body.size());
  stream_->write(out_, to_head_ ? std::string_view{} : body);
  linger();
}

void server_connection::linger() {
  phase_ = phase::lingering;
  since_ = now();
  if (stream_->queued_bytes() == 0) stream_->shutdown_send();
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
  scope_->clients.leave(client_);
  post(scope_->context, [self] {
    if (self->session_) self->session_->on_close();
    self->session_.reset();
    self->scope_->check_drained();
  });
}

time_point server_connection::due() const {
  if (phase_ == phase::dead) return time_point::max();
  if (phase_ == phase::lingering) return since_ + linger_timeout;
  return phase_ == phase::reading ? request_due() : answer_due();
}

// Empty lines leave a connection idle, and do not make it younger.
time_point server_connection::request_due() const {
  const auto& limits = scope_->limits;
  if (idle())
    return scope_->stopping ? scope_->stopped_at + stop_grace : since_ + limits.idle_timeout;
  if (!parser_.head_done()) return begun_at_ + limits.header_timeout;
  return std::min(body_at_ + limits.body_timeout, begun_at_ + limits.receive_timeout);
}

time_point server_connection::answer_due() const {
  const auto& limits = scope_->limits;
  const auto answer = answering() && !overdue_ ? since_ + limits.answer_timeout : time_point::max();
  if (stream_->queued_bytes() == 0) return answer;
  return std::min({answer, stream_->progress_at() + limits.write_timeout,
                   stream_->queued_since() + limits.drain_timeout});
}

void server_connection::on_deadline() {
  const auto self = shared_from_this();
  if (now() < due()) return watch();
  if (phase_ == phase::reading && !idle()) {
    scope_->tell(closing::slow_request);
    return refuse({408, parser_.head_done() ? late_body : late_header});
  }
  if (answering() && !overdue_ && now() >= since_ + scope_->limits.answer_timeout) {
    overdue_ = true;
    watch();
    return session_->on_overdue();
  }
  if (phase_ != phase::reading && phase_ != phase::lingering) scope_->tell(closing::slow_reader);
  drop();
}

void server_scope::check_drained() {
  if (!stopping || !connections.empty() || !drained) return;
  std::exchange(drained, nullptr)();
}

}  // namespace troupe::transport::http
