// How an engine's answer passes through a stream.

#include <algorithm>
#include <array>
#include <utility>

#include "actors/stream/stream.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::actors {

namespace http = transport::http;

namespace {

// Above it the engine's answer is not read until the client has caught up.
constexpr std::size_t queued_bytes_high = 256 * 1024;

bool is_own_answer_field(std::string_view name) {
  constexpr std::array own{"content-length", "server", "date", "x-request-id"};
  return std::any_of(own.begin(), own.end(),
                     [name](std::string_view each) { return http::same_token(name, each); });
}

// What of an engine's head goes on to the client.
http::response_head passed_head(http::response_head head, const std::string& engine) {
  http::drop_connection_fields(head.fields);
  head.fields.erase_if([](const http::field& f) { return is_own_answer_field(f.name); });
  head.fields.add("X-Troupe-Engine", engine);
  return head;
}

// Length of the part of a text/event-stream that ends with a whole event; 0: no event ends in it.
std::size_t whole_events(std::string_view bytes) {
  auto lf = bytes.rfind("\n\n");
  auto crlf = bytes.rfind("\n\r\n");
  auto end = lf == std::string_view::npos ? 0 : lf + 2;
  if (crlf != std::string_view::npos) end = std::max(end, crlf + 3);
  return end;
}

}  // namespace

void stream::on_head(http::response_head head) {
  call([&] {
    is_event_stream_ =
        head.status == 200 && head.fields.find("content-type").starts_with("text/event-stream");
    head_ = std::move(head);
  });
}

void stream::on_body(std::string_view bytes) {
  call([&] {
    if (is_event_stream_) return take_events(bytes);
    if (phase_ == phase::streaming) return pass(bytes);
    held_ += bytes;
    // An answer too long to be kept for a second attempt passes through as it comes.
    if (held_.size() <= context_.spec.stream.event_bytes_max) return;
    begin_stream();
    pass(std::exchange(held_, {}));
  });
}

void stream::take_events(std::string_view bytes) {
  // The common case: whole events, nothing held back, no copy.
  auto whole = whole_events(bytes);
  if (whole != 0 || held_.empty()) {
    if (!held_.empty())
      note_progress(std::exchange(held_, {}).append(bytes.substr(0, whole)));
    else if (whole != 0)
      note_progress(bytes.substr(0, whole));
    bytes.remove_prefix(whole);
  }
  held_ += bytes;
  if (phase_ == phase::idle || held_.empty()) return;
  // The blank line itself may come in two pieces.
  if (auto end = whole_events(held_); end != 0) {
    auto rest = held_.substr(end);
    held_.resize(end);
    note_progress(std::exchange(held_, std::move(rest)));
  }
  if (held_.size() > context_.spec.stream.event_bytes_max) {
    exchange_->cancel();
    attempt_ended(errc::protocol_error, "an event of the engine exceeds its limit");
  }
}

void stream::note_progress(std::string_view bytes) {
  auto progress = reader_->feed(bytes);
  if (progress.content_events > 0) {
    auto at = now();
    const auto& series = context_.series_of(facts_.model);
    // Pieces that come in one read share the time since the last one.
    auto pieces = progress.content_events;
    pieces_ += pieces;
    auto gap = first_token_seen_ ? std::chrono::duration<double>(at - last_token_).count() : 0.0;
    for (auto i = first_token_seen_ ? 0U : 1U; i < pieces; ++i) {
      series.inter_token->Observe(gap / pieces);
    }
    if (!first_token_seen_) {
      first_token_seen_ = true;
      series.time_to_first_token->Observe(std::chrono::duration<double>(at - received_).count());
      if (const auto& router = context_.router.get()) {
        auto ttft = std::chrono::duration<double>(at - leased_).count();
        send(router, first_token_came{lease_->id, ttft});
      }
    }
    last_token_ = at;
  }
  if (!head_sent_) begin_stream();
  pass(bytes);
}

void stream::begin_stream() {
  phase_ = phase::streaming;
  head_sent_ = true;
  auto head = passed_head(std::move(head_), lease_->engine_name);
  head.fields.set("X-Request-Id", request_id_);
  client_->start(std::move(head));
}

void stream::pass(std::string_view bytes) {
  bytes_sent_ += bytes.size();
  client_->write(bytes);
  if (!paused_ && client_->queued_bytes() > queued_bytes_high) {
    paused_ = true;
    exchange_->pause();
  }
}

void stream::client_drained() {
  if (!paused_ || !exchange_) return;
  paused_ = false;
  exchange_->resume();
}

void stream::on_end() {
  call([&] {
    exchange_.reset();
    if (!is_event_stream_ && phase_ != phase::streaming) return answer_whole();
    // A stream that ends before its last event has been cut, however politely.
    if (is_event_stream_ && !reader_->done() && !reader_->finished()) {
      return attempt_ended(errc::connection_lost, "the engine ended its stream early");
    }
    bool failed = reader_->has_error();
    client_->finish();
    end_lease(lease_outcome::completed);
    finish_request(failed ? outcome::engine_error : outcome::ok);
  });
}

void stream::answer_whole() {
  auto head = passed_head(std::move(head_), lease_->engine_name);
  if (head.status == 503) {
    // The engine is full or asleep: another one may take it; if none does, this answer stands.
    refusal_head_ = std::move(head);
    refusal_body_ = std::move(held_);
    if (context_.spec.router.admission.requests_max != 0) return wait_for_room();
    if (retries_.tried().size() >= context_.spec.router.limits.attempts_max) {
      end_lease(lease_outcome::failed);
      return reply(std::move(*refusal_head_), std::move(refusal_body_));
    }
    return attempt_ended(errc::overloaded, "the engine answered 503");
  }
  if (head.status == 200) reader_->read_whole(held_);
  end_lease(lease_outcome::completed);
  reply(std::move(head), std::move(held_));
}

void stream::on_error(errc code, const std::string& text) {
  call([&] {
    exchange_.reset();
    attempt_ended(code, text);
  });
}

}  // namespace troupe::actors
