#include "actors/stream/stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <simdjson.h>

#include "actors/names.hpp"
#include "actors/stream/json_depth.hpp"
#include "runtime/ask.hpp"
#include "runtime/log.hpp"
#include "runtime/request_ids.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::actors {

namespace http = transport::http;

namespace {

constexpr std::size_t session_bytes_max = 1024;

struct proxied_path {
  std::string_view path;
  prompt_kind kind;
};

// Paths that go to an engine chosen by the body's model.
constexpr auto proxied_paths = std::to_array<proxied_path>({
    {"/v1/chat/completions", prompt_kind::chat},
    {"/v1/completions", prompt_kind::completion},
    {"/v1/embeddings", prompt_kind::completion},
    {"/tokenize", prompt_kind::completion},
    {"/detokenize", prompt_kind::completion},
});

const proxied_path* find_proxied(std::string_view path) {
  for (const auto& entry : proxied_paths) {
    if (entry.path == path) return &entry;
  }
  return nullptr;
}

// Fields the transport or this node sets itself, and what a client shows to this node alone;
// compressed answers could not be read here.
bool is_own_field(std::string_view name) {
  constexpr std::array own{"host",          "content-length", "expect", "accept-encoding",
                           "authorization", "x-request-id"};
  return std::any_of(own.begin(), own.end(),
                     [name](std::string_view each) { return http::same_token(name, each); });
}

class stream_session final : public http::session {
 public:
  stream_session(stream_actor handle, stream& actor) : handle_{std::move(handle)}, actor_{actor} {}

  void on_request(http::request message) override {
    actor_.call([&] { actor_.take_request(std::move(message)); });
  }
  void on_drain() override {
    actor_.call([&] { actor_.client_drained(); });
  }
  void on_overdue() override {
    actor_.call([&] { actor_.answer_overdue(); });
  }
  void on_close() override {
    actor_.call([&] { actor_.client_left(); });
    handle_ = nullptr;
  }

 private:
  stream_actor handle_;
  stream& actor_;  // lives as long as the handle
};

// Tells whether an engine was chosen and nothing of the request has reached it: its proxy refused,
// has ended, or its node is gone.
bool is_refused_lease(const caf::error& error) {
  if (error == caf::sec::request_receiver_down) return true;
  const auto code = failure_code(error, errc::no_engine);
  return code == errc::connect_failed || code == errc::connection_lost;
}

}  // namespace

stream::stream(caf::actor_config& cfg, io_thread* home, stream_context& context,
               http::connection& client)
    : pinned{cfg, home}, context_{context}, client_{&client} {
  context_.streams.insert(this);
  context_.metrics.connections().Increment();
}

stream::behavior_type stream::make_behavior() {
  return {
      [this](stop_request) {
        if (phase_ == phase::idle || !is_proxied_) return;
        if (exchange_) exchange_->cancel();
        exchange_.reset();
        attempt_ended(errc::cancelled, "the node stops");
      },
  };
}

void stream::take_request(http::request message) {
  request_ = std::move(message);
  request_id_ = request_id_or_new(request_.fields.find("x-request-id"));
  received_ = now();
  number_ = ++context_.requests;
  facts_ = {};
  retry_after_s_ = 1;
  head_sent_ = first_token_seen_ = false;
  bytes_sent_ = 0;
  refusal_head_.reset();
  context_.metrics.open_streams().Increment();
  is_proxied_ = find_proxied(request_.path()) != nullptr;
  if (!may_enter()) return;
  if (answer_page(request_)) return;
  if (!is_proxied_) {
    return fail_request(errc::not_found, "there is nothing at " + std::string{request_.path()});
  }
  if (request_.method != "POST") {
    return fail_request(errc::method_not_allowed, request_.method + " is not allowed on " +
                                                      std::string{request_.path()} + "; use POST");
  }
  read_prompt();
}

void stream::read_prompt() {
  auto facts = context_.reader.read(find_proxied(request_.path())->kind, request_.body);
  const auto levels = context_.spec.stream.json_depth_max;
  if (nests_deeper(request_.body, levels, facts ? facts->longest_text : body_place{})) {
    return fail_request(errc::invalid_request,
                        "The body nests deeper than " + std::to_string(levels) + " levels.");
  }
  if (!facts) {
    const bool is_text = simdjson::validate_utf8(request_.body.data(), request_.body.size());
    return fail_request(failure_code(facts.error(), errc::invalid_request),
                        is_text ? failure_text(facts.error()) : "The body is not valid UTF-8.");
  }
  facts_ = std::move(*facts);
  take_session();
  if (key_) facts_.client = key_->name();
  // An engine knows its model by one name only.
  if (!facts_.alias.empty()) {
    request_.body = with_model(request_.body, facts_.model_at, facts_.model);
  }
  body_ = std::make_shared<const std::string>(std::move(request_.body));
  if (!may_use_model() || !may_take_tokens()) return;
  keep_fields_for_engine();
  retries_ = retry_policy{context_.spec.router.limits.attempts_max};
  route();
}

void stream::keep_fields_for_engine() {
  http::drop_connection_fields(request_.fields);
  request_.fields.erase_if([](const http::field& f) { return is_own_field(f.name); });
  request_.fields.add("X-Request-Id", request_id_);
}

void stream::take_session() {
  const auto key = request_.fields.find(context_.spec.router.session.header);
  if (!key.empty() && key.size() <= session_bytes_max) facts_.session = key;
}

void stream::route() {
  phase_ = phase::routing;
  const auto& router = context_.router.get();
  if (!router) return route_failed(make_failure(errc::no_engine, "the router is starting"));
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now() - received_);
  auto chain = take_chain();
  route_request message{number_, retries_.attempts() + 1, facts_, retries_.tried(),
                        static_cast<std::uint32_t>(waited.count())};
  message.facts.chain = std::move(chain);
  const auto& spec = context_.spec.router;
  ask(
      this, router, spec.limits.route_timeout + spec.admission.queue_timeout, std::move(message),
      [this, number = number_](engine_lease& granted) {
        // The request may have been stopped meanwhile, and another may have come.
        if (phase_ != phase::routing || number != number_) return return_lease(granted);
        take_lease(std::move(granted));
      },
      [this, number = number_](const caf::error& error) {
        if (phase_ == phase::routing && number == number_) route_failed(error);
      });
}

// The chain of a long prompt is long and goes to the router; who needs it again reads it again.
std::vector<chunk_hash> stream::take_chain() {
  if (facts_.chain.empty() && facts_.prompt_bytes >= chunk_bytes) {
    auto again = context_.reader.read(find_proxied(request_.path())->kind, *body_);
    if (again) facts_.chain = std::move(again->chain);
  }
  return std::exchange(facts_.chain, {});
}

void stream::return_lease(const engine_lease& granted) {
  if (const auto& router = context_.router.get()) {
    send(router, request_ended{granted.id, lease_outcome::cancelled, {}});
  }
}

void stream::take_lease(engine_lease granted) {
  leased_ = now();
  lease_ = std::move(granted);
  retries_.begin_attempt(static_cast<std::uint32_t>(lease_->engine));
  if (client_ == nullptr) {
    end_lease(lease_outcome::cancelled);
    return finish_request(outcome::cancelled);
  }
  context_.metrics.routing_seconds().Observe(
      std::chrono::duration<double>(leased_ - received_).count());
  ask_engine();
}

void stream::route_failed(const caf::error& error) {
  if (client_ == nullptr) return finish_request(outcome::cancelled);
  if (failure_code(error, errc::no_engine) == errc::too_many_requests) {
    retry_after_s_ = retry_after_s(error).value_or(1);
    return fail_request(errc::too_many_requests, failure_text(error));
  }
  if (refusal_head_) return reply(std::move(*refusal_head_), std::move(refusal_body_));
  // The engine's proxy knew it to be down before the router did, or the proxy itself is gone: that
  // engine is not asked again.
  if (is_refused_lease(error)) {
    if (retries_.lease_refused() == verdict::retry) return route();
    return fail_request(retries_.final_code(), retries_.final_text());
  }
  if (!retries_.tried().empty()) return fail_request(retries_.final_code(), retries_.final_text());
  fail_request(failure_code(error, errc::no_engine), failure_text(error));
}

void stream::ask_engine() {
  phase_ = phase::waiting;
  head_ = {};
  held_.clear();
  paused_ = false;
  pieces_ = 0;
  reader_.emplace(context_.spec.stream.event_bytes_max);
  exchange_ = context_.ask_engine({lease_->host, lease_->port}, request_, body_, *this);
}

void stream::attempt_ended(errc code, const std::string& text) {
  log::warn("attempt failed", {{"request_id", request_id_},
                               {"engine", lease_ ? lease_->engine_name : ""},
                               {"error", to_string(code)},
                               {"text", text}});
  if (lease_ && code != errc::cancelled && code != errc::overloaded) {
    auto proxy = context_.names.find_as<engine_proxy_actor>(proxy_name(lease_->engine_name));
    if (proxy) send(proxy, attempt_failed{static_cast<std::uint8_t>(code)});
  }
  end_lease(lease_outcome::failed);
  switch (retries_.attempt_failed(code, bytes_sent_)) {
    case verdict::retry:
      context_.metrics.retries().Increment();
      return route();
    case verdict::give_up:
      return fail_request(retries_.final_code(), retries_.final_text());
    case verdict::end_stream:
      return break_off(code, retries_.final_text());
  }
}

// The engine is not to blame: its lease ends as one that was given up.
void stream::answer_overdue() {
  if (phase_ == phase::idle || !is_proxied_) return;
  if (exchange_) exchange_->cancel();
  exchange_.reset();
  if (phase_ == phase::routing) withdraw();
  end_lease(lease_outcome::cancelled);
  const auto limit = context_.spec.endpoint.limits.answer_timeout;
  const std::string text = "the answer took over " + std::to_string(limit.count()) + " ms";
  if (!head_sent_) return fail_request(errc::timeout, text);
  break_off(errc::timeout, text);
}

// Ends an answer of which a part has been sent.
void stream::break_off(errc code, const std::string& text) {
  if (is_event_stream_) {
    client_->write(http::error_event(code, text));
    client_->finish();
  } else {
    // An answer of known length that breaks off can only be told by breaking off too.
    client_->abort();
  }
  finish_request(outcome::engine_error);
}

// The engine is full: it is not broken, and nothing of the request is lost. The router keeps it
// until an engine has room.
void stream::wait_for_room() {
  log::debug("the engine is full", {{"request_id", request_id_}, {"engine", lease_->engine_name}});
  end_lease(lease_outcome::refused);
  retries_.attempt_refused();
  context_.metrics.retries().Increment();
  route();
}

void stream::end_lease(lease_outcome outcome) {
  if (!lease_) return;
  auto usage = reader_ ? reader_->usage() : usage_counts{};
  if (const auto& router = context_.router.get()) {
    send(router, request_ended{lease_->id, outcome, usage});
  }
  const bool is_served = outcome != lease_outcome::failed && outcome != lease_outcome::refused;
  if (is_served || head_sent_) note_usage(usage);
  if (is_served) {
    const auto& series = context_.series_of(facts_.model);
    series.prompt_tokens->Increment(usage.prompt_tokens);
    series.cached_tokens->Increment(usage.cached_tokens);
    series.completion_tokens->Increment(usage.completion_tokens);
  }
  lease_.reset();
}

void stream::fail_request(errc code, const std::string& text) {
  http::response_head head;
  head.status = http::status_of(code);
  head.fields.add("Content-Type", "application/json");
  if (code == errc::no_engine || code == errc::overloaded || code == errc::too_many_requests) {
    head.fields.add("Retry-After", std::to_string(retry_after_s_));
  }
  reply(std::move(head), http::error_body(code, text));
}

void stream::reply_json(unsigned status, std::string body) {
  http::response_head head;
  head.status = status;
  head.fields.add("Content-Type", "application/json");
  reply(std::move(head), std::move(body));
}

void stream::reply(http::response_head head, std::string body) {
  auto how = head.status < 400    ? outcome::ok
             : head.status < 500  ? outcome::client_error
             : head.status == 503 ? outcome::no_engine
                                  : outcome::engine_error;
  if (client_ != nullptr) {
    head.fields.set("X-Request-Id", request_id_);
    client_->send(std::move(head), std::move(body));
  } else {
    how = outcome::cancelled;
  }
  finish_request(how);
}

void stream::finish_request(outcome how) {
  phase_ = phase::idle;
  settle_key();
  context_.metrics.open_streams().Decrement();
  auto seconds = std::chrono::duration<double>(now() - received_).count();
  // Names of models come from clients: only those an engine has served become labels.
  if (retries_.attempts() != 0) {
    const auto& series = context_.series_of(facts_.model);
    series.requests[static_cast<std::size_t>(how)]->Increment();
    series.end_to_end->Observe(seconds);
  } else if (is_proxied_) {
    context_.series_of("unknown").requests[static_cast<std::size_t>(how)]->Increment();
  }
  if (log::enabled(log::level::debug)) {  // to render the fields costs more than to check
    log::debug("request ended", {{"request_id", request_id_},
                                 {"path", request_.path()},
                                 {"model", facts_.model},
                                 {"outcome", to_string(how)},
                                 {"attempts", retries_.attempts()},
                                 {"seconds", seconds}});
  }
  exchange_.reset();
  reader_.reset();
  body_.reset();
  retries_ = retry_policy{1};
  if (client_ == nullptr) quit();
}

void stream::client_left() {
  client_ = nullptr;
  if (phase_ == phase::idle) return quit();
  if (phase_ == phase::routing) return withdraw();  // the answer that is due ends the stream
  if (exchange_) exchange_->cancel();
  end_lease(lease_outcome::cancelled);
  finish_request(outcome::cancelled);
}

// Where the request waits for an engine it need not any longer; a lease under way is given back.
void stream::withdraw() {
  const auto& router = context_.router.get();
  if (router && is_proxied_) send(router, withdraw_request{number_});
}

void stream::on_exit() {
  if (exchange_) exchange_->cancel();
  exchange_.reset();
  if (client_ != nullptr) client_->abort();
  end_lease(lease_outcome::cancelled);
  context_.streams.erase(this);
  context_.metrics.connections().Decrement();
}

std::shared_ptr<http::session> make_stream_session(caf::actor_system& system, io_thread* home,
                                                   stream_context& context,
                                                   http::connection& client) {
  auto handle = spawn_pinned<stream>(system, home, context, client);
  auto& actor = object_of<stream>(handle);
  return std::make_shared<stream_session>(std::move(handle), actor);
}

}  // namespace troupe::actors
