#include "apps/bench/endpoint_run.hpp"

#include <utility>

#include "apps/bench/streamed_answer.hpp"

namespace troupe::apps::bench {

namespace {

namespace http = transport::http;

constexpr std::size_t error_body_max = 16 * 1024;

}  // namespace

// One request on its way. Its last call destroys it.
class endpoint_run::shot final : public http::exchange_handler {
 public:
  shot(endpoint_run& owner, std::uint64_t id) : owner_{owner}, id_{id} {}

  void fly(std::shared_ptr<http::exchange> exchange) { exchange_ = std::move(exchange); }
  void cancel() { exchange_->cancel(); }

  void on_head(http::response_head head) override {
    status_ = head.status;
    is_stream_ = head.fields.find("content-type").starts_with("text/event-stream");
  }

  void on_body(std::string_view bytes) override {
    if (status_ != 200 || !is_stream_) {
      if (error_body_.size() < error_body_max) error_body_.append(bytes);
      return;
    }
    const auto pieces = answer_.feed(bytes);
    owner_.core_.content(id_, pieces, owner_.elapsed());
    if (!answer_.is_broken()) return;
    exchange_->cancel();
    owner_.landed(id_, end_of_stream());
  }

  void on_end() override {
    if (status_ == 200 && is_stream_) return owner_.landed(id_, end_of_stream());
    answer_end end;
    end.failure = status_ == 200 ? "not_streamed" : "http_" + std::to_string(status_);
    end.reason = status_ == 200 ? "the answer is no text/event-stream" : read_error(error_body_);
    owner_.landed(id_, end);
  }

  void on_error(errc code, const std::string& text) override {
    owner_.landed(id_, {.text = {}, .usage = {}, .failure = to_string(code), .reason = text});
  }

 private:
  answer_end end_of_stream() const {
    answer_end end{.text = answer_.text(), .usage = answer_.usage(), .failure = {}, .reason = {}};
    if (answer_.is_broken()) {
      end.failure = "broken_stream";
      end.reason = "an event is no JSON, or is too long";
    } else if (!answer_.error().empty()) {
      end.failure = "error_event";
      end.reason = answer_.error();
    } else if (!answer_.is_whole()) {
      end.failure = "incomplete";
      end.reason = "the stream ended without a finish reason";
    }
    return end;
  }

  endpoint_run& owner_;
  std::uint64_t id_;
  std::shared_ptr<http::exchange> exchange_;
  unsigned status_ = 0;
  bool is_stream_ = false;
  std::string error_body_;
  streamed_answer answer_;
};

endpoint_run::endpoint_run(run_loop& loop, http::client& client, endpoint_run_options options,
                           std::unique_ptr<workload> what)
    : client_{client},
      options_{std::move(options)},
      core_{std::move(what), options_.limits},
      alarm_{loop.make_alarm([this] { send_due(); })} {}

endpoint_run::~endpoint_run() {
  for (const auto& [id, each] : shots_) each->cancel();
}

void endpoint_run::begin() {
  began_ = now();
  send_due();
}

std::chrono::nanoseconds endpoint_run::elapsed() const {
  return now() - began_;
}

double endpoint_run::elapsed_s() const {
  return std::chrono::duration<double>(elapsed()).count();
}

// Sends what is due, and sleeps until more is.
void endpoint_run::send_due() {
  while (const auto asked = core_.start(elapsed())) send(*asked);
  if (const auto next = core_.next_wake()) {
    alarm_->set(began_ + *next);
  } else {
    alarm_->clear();
  }
}

http::request endpoint_run::head_of(const planned_request& asked) const {
  http::request head;
  head.method = "POST";
  head.target = options_.where.path + std::string{path_of(options_.body.api)};
  head.fields = options_.fields;
  head.fields.set("Content-Type", "application/json");
  if (!options_.session_header.empty()) {
    const std::string session = options_.session_prefix + std::to_string(asked.user);
    head.fields.set(options_.session_header, session);
  }
  return head;
}

void endpoint_run::send(const planned_request& asked) {
  auto body = std::make_shared<const std::string>(write_body(asked, options_.body));
  auto& flying = shots_[asked.id] = std::make_unique<shot>(*this, asked.id);
  flying->fly(client_.start(options_.where.at, head_of(asked), std::move(body), *flying,
                            {.idle_timeout = options_.timeout}));
}

void endpoint_run::landed(std::uint64_t id, const answer_end& end) {
  const auto gone = shots_.extract(id);  // lives until the end of this call
  core_.ended(id, end, elapsed());
  send_due();
}

void endpoint_run::interrupt() {
  core_.interrupt(elapsed());
  alarm_->clear();
  for (const auto& [id, each] : std::exchange(shots_, {})) each->cancel();
}

}  // namespace troupe::apps::bench
