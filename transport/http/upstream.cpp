#include "transport/http/upstream.hpp"

#include <utility>

#include "runtime/assert.hpp"
#include "transport/http/tls_stream.hpp"

namespace troupe::transport::http {

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;

std::string name_of(const endpoint& to) {
  return to.host + ":" + std::to_string(to.port);
}

}  // namespace

upstream::upstream(std::shared_ptr<client_scope> scope, endpoint to)
    : scope_{std::move(scope)},
      to_{std::move(to)},
      parser_{scope_->limits.header_bytes_max},
      in_{buffer_bytes, std::max(buffer_bytes, scope_->limits.header_bytes_max + 1)} {}

void upstream::connect(const std::vector<std::string>& addresses,
                       std::shared_ptr<client_exchange> job) {
  job_ = std::move(job);
  since_ = now();
  const auto& tls = scope_->profile_of(to_).tls;
  stream_ = tls ? connect_tls(scope_->context, {addresses, to_.port, to_.host, tls}, *this)
                : tcp_stream::connect(scope_->context, addresses, to_.port, *this);
  stream_->deadline(since_ + scope_->limits.connect_timeout);
}

void upstream::reuse(std::shared_ptr<client_exchange> job) {
  job_ = std::move(job);
  reused_ = true;
  send_request();
}

void upstream::on_connected() {
  const auto self = shared_from_this();
  connected_ = true;
  send_request();
  read_on();
}

void upstream::send_request() {
  got_byte_ = head_told_ = false;
  parser_.expect_answer(job_->to_head);
  since_ = now();
  stream_->deadline(since_ + job_->idle_timeout);
  if (job_->body && !job_->body->empty()) {
    stream_->write_later(job_->head, job_->body);
  } else {
    stream_->write(job_->head);
  }
}

// A read is pending on idle connections too: it is how one that the upstream closed is noticed.
void upstream::read_on() {
  if (stream_->reading() || ended_) return;
  if (job_ && job_->paused) return;
  const auto room = in_.room();
  if (!room.empty()) return stream_->read(room);
  fail(errc::protocol_error, "a header, chunk header or trailer of " + name_of(to_) + " is over " +
                                 std::to_string(in_.bytes().size()) + " bytes");
}

void upstream::on_read(std::size_t bytes) {
  const auto self = shared_from_this();
  if (!job_) return close();  // nobody asked
  in_.filled(bytes);
  got_byte_ = true;
  since_ = now();
  deliver();
}

void upstream::go_on() {
  const auto self = shared_from_this();
  if (!job_ || !connected_ || job_->paused) return;
  since_ = now();
  stream_->deadline(since_ + job_->idle_timeout);
  deliver();
}

// Hands on what the buffer holds, as far as the handler wants it, and reads more.
void upstream::deliver() {
  const auto job = job_;
  const auto wanted = [&] { return job_ == job && !job->paused; };
  while (wanted() && !parser_.done()) {
    const std::size_t used = parser_.feed(in_.bytes());
    if (parser_.failed())
      return fail(errc::protocol_error, name_of(to_) + ": " + parser_.failure());
    step();
    if (job_ != job) return;
    in_.consume(used);
    if (used == 0) break;
  }
  if (!wanted()) return;
  if (parser_.done()) return answered();
  if (ended_) return ended();
  read_on();
}

// Tells the handler what one feed brought.
void upstream::step() {
  const auto job = job_;
  if (parser_.head_done() && !head_told_) {
    head_told_ = true;
    job->handler->on_head(parser_.take_head());
  } else if (!parser_.body().empty()) {
    job->handler->on_body(parser_.body());
  }
}

void upstream::answered() {
  const auto job = std::exchange(job_, nullptr);
  job->upstream_.reset();
  const bool whole = stream_->queued_bytes() == 0 && in_.empty() && !ended_;
  if (whole && parser_.keep_alive() && !scope_->closed) {
    since_ = now();
    stream_->deadline(since_ + scope_->limits.pooled_timeout);
    read_on();
    const auto oldest = scope_->pool.keep(to_, shared_from_this());
    if (oldest) oldest->close();
  } else {
    close();
  }
  job->complete();
}

// The upstream will send no more, and all it sent is delivered.
void upstream::ended() {
  const auto job = job_;
  if (orderly_end_ && parser_.finish_at_close()) return answered();
  if (reused_ && !got_byte_ && !job->replaced) {
    job_ = nullptr;
    close();
    job->upstream_.reset();
    job->replaced = true;
    return job->connect();
  }
  fail(errc::connection_lost, name_of(to_) + " went away " +
                                  (got_byte_ ? "in mid-answer" : "before it answered") + ": " +
                                  end_);
}

void upstream::on_lost(tcp_stream::loss what, const std::string& why) {
  const auto self = shared_from_this();
  if (!job_) return close();
  if (what == tcp_stream::loss::connect) {
    return fail(connect_failure(), "cannot connect to " + name_of(to_) + ": " + why);
  }
  // The upstream may have answered before it stopped reading: reading tells.
  if (what == tcp_stream::loss::write) return;
  ended_ = true;
  end_ = why;
  orderly_end_ = what == tcp_stream::loss::end;
  if (!job_->paused) ended();
}

// The closed connection that this one replaces may have delivered the request before it closed.
errc upstream::connect_failure() const {
  return job_ && job_->replaced ? errc::connection_lost : errc::connect_failed;
}

void upstream::on_deadline() {
  const auto self = shared_from_this();
  if (!job_) return close();
  if (job_->paused) return;
  const auto allowed = connected_ ? job_->idle_timeout : scope_->limits.connect_timeout;
  if (now() < since_ + allowed) return stream_->deadline(since_ + allowed);
  const std::string text = name_of(to_) +
                           (connected_ ? " sent nothing for " : " did not accept in ") +
                           std::to_string(allowed.count()) + " ms";
  fail(connected_ ? errc::timeout : connect_failure(), text);
}

void upstream::fail(errc code, const std::string& text) {
  const auto self = shared_from_this();
  const auto job = std::exchange(job_, nullptr);
  close();
  if (job) job->fail(code, text);
}

void upstream::close() {
  const auto self = shared_from_this();
  if (stream_) stream_->close();
  job_ = nullptr;
  ended_ = true;
  scope_->pool.remove(to_, this);
  scope_->connections.erase(self);
}

}  // namespace troupe::transport::http
