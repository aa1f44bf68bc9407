#include "tests/simulation/cluster/sim_client.hpp"

#include <utility>

#include "actors/stream/stream.hpp"

namespace troupe::simulation {

namespace http = transport::http;

sim_client::sim_client(parts p, std::uint64_t number, std::uint64_t first_request)
    : parts_{std::move(p)}, number_{number}, request_{first_request} {}

bool sim_client::ask(bool whole) {
  if (waits_) return false;
  waits_ = true;
  ++request_;
  seen_ = {};
  parts_.book.began(key());
  if (!session_) {
    session_ = actors::make_stream_session(parts_.system, nullptr, parts_.context, *this);
  }
  http::request message;
  message.method = "POST";
  message.target = "/v1/completions";
  message.fields.add("X-Request-Id", text_of(key()));
  message.body = std::string{R"({"model":"m","prompt":"once upon a time","stream":)"} +
                 (whole ? "false}" : "true}");
  session_->on_request(std::move(message));
  return true;
}

void sim_client::hang_up(const std::string& how) {
  if (!waits_) return;
  waits_ = false;
  parts_.book.ended(key(), how);
  std::exchange(session_, nullptr)->on_close();
}

void sim_client::overdue(std::uint64_t request) {
  if (waits_ && request == request_) session_->on_overdue();
}

void sim_client::send(http::response_head head, std::string body) {
  take(body);
  if (head.status != 200) {
    if (!seen_.has_error) parts_.book.broken(key(), "is refused without an error");
    if (head.status == 404 && parts_.knows_model()) {
      parts_.book.broken(key(), "is told that its model is none");
    }
    return ended("status " + std::to_string(head.status));
  }
  if (!seen_.has_finish) parts_.book.broken(key(), "ends without a finish reason");
  ended(request_book::completed_word);
}

void sim_client::start(http::response_head head) {
  if (head.status != 200) parts_.book.broken(key(), "streams what is no answer");
}

void sim_client::write(std::string_view bytes) {
  if (!bytes.ends_with("\n\n")) parts_.book.broken(key(), "gets a part of an event");
  take(bytes);
}

void sim_client::finish() {
  if (seen_.has_error) return ended("error event");
  if (!seen_.has_finish || !seen_.is_done) parts_.book.broken(key(), "ends in silence");
  ended(request_book::completed_word);
}

void sim_client::abort() {
  if (died_) return;
  parts_.book.broken(key(), "breaks off");
}

void sim_client::take(std::string_view bytes) {
  const auto facts = read_answer(bytes);
  for (const auto& token : facts.tokens) {
    if (token.key != key()) parts_.book.broken(key(), "gets tokens of another request");
    parts_.book.token(key(), token.exchange, token.position);
  }
  seen_.has_finish |= facts.has_finish;
  seen_.is_done |= facts.is_done;
  seen_.has_error |= facts.has_error;
  if (facts.counted != 0) parts_.book.counted(key(), facts.counted);
}

void sim_client::ended(const std::string& how) {
  waits_ = false;
  parts_.book.ended(key(), how);
}

}  // namespace troupe::simulation
