// Whose request a stream has taken, and whether it may have what it asks for.

#include <algorithm>
#include <string>

#include "actors/stream/stream.hpp"
#include "runtime/log.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::actors {

namespace http = transport::http;

namespace {

constexpr double bytes_per_token = 4;

// The pages that whoever watches over a node asks for, without a key.
bool is_open_page(std::string_view path) {
  return path == "/health" || path == "/ready";
}

// Whole seconds, as Retry-After wants them.
std::string seconds_up(std::chrono::nanoseconds wait) {
  return std::to_string(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count()));
}

}  // namespace

bool stream::may_enter() {
  key_ = nullptr;
  reserved_tokens_ = used_tokens_ = 0;
  if (context_.keys == nullptr || context_.keys->empty() || is_open_page(request_.path())) {
    return true;
  }
  const auto shown = request_.fields.find("authorization");
  key_ = context_.keys->find(shown);
  if (key_ == nullptr) {
    context_.metrics.key_refusals("", "unknown_key").Increment();
    refuse(http::invalid_api_key,
           shown.empty() ? "No API key was given: send it as `Authorization: Bearer KEY`."
                         : "The API key is not known here.");
    return false;
  }
  return !is_proxied_ || take_rate("requests", key_->take_request(now()));
}

// Either name will do: the one that was asked for, or the one it stands for.
bool stream::may_use_model() {
  if (key_ == nullptr || key_->may_use(facts_.model)) return true;
  if (!facts_.alias.empty() && key_->may_use(facts_.alias)) return true;
  context_.metrics.key_refusals(key_->name(), "model").Increment();
  refuse(http::model_not_found, "The model `" +
                                    (facts_.alias.empty() ? facts_.model : facts_.alias) +
                                    "` does not exist or this API key may not use it.");
  return false;
}

// What the prompt and the answer may come to is taken now, and corrected when it is known.
bool stream::may_take_tokens() {
  if (key_ == nullptr) return true;
  const auto bytes =
      static_cast<double>(facts_.prompt_bytes > 0 ? facts_.prompt_bytes : body_->size());
  prompt_estimate_ = facts_.prompt_tokens > 0 ? facts_.prompt_tokens : bytes / bytes_per_token;
  const double wanted = prompt_estimate_ + facts_.max_tokens;
  if (!take_rate("tokens", key_->take_tokens(now(), wanted))) return false;
  reserved_tokens_ = wanted;
  return true;
}

bool stream::take_rate(std::string_view what, std::chrono::nanoseconds wait) {
  if (wait.count() == 0) return true;
  context_.metrics.key_refusals(key_->name(), what).Increment();
  retry_after_ = seconds_up(wait);
  refuse(what == "tokens" ? http::tokens_exceeded : http::requests_exceeded,
         "The API key '" + key_->name() + "' has used its " + std::string{what} +
             " for now; try again in " + retry_after_ + " s.");
  return false;
}

// An engine that does not say what it used has used at least this.
void stream::note_usage(const usage_counts& usage) {
  const double told = static_cast<double>(usage.prompt_tokens) + usage.completion_tokens;
  used_tokens_ = told > 0 ? told : pieces_ > 0 ? prompt_estimate_ + pieces_ : 0;
}

void stream::settle_key() {
  if (key_ == nullptr) return;
  if (reserved_tokens_ > 0) key_->settle_tokens(now(), reserved_tokens_, used_tokens_);
  if (used_tokens_ > 0) context_.metrics.key_tokens(key_->name()).Increment(used_tokens_);
  key_ = nullptr;
}

void stream::refuse(const http::api_refusal& why, const std::string& text) {
  http::response_head head;
  head.status = why.status;
  head.fields.add("Content-Type", "application/json");
  if (why.status == 401) head.fields.add("WWW-Authenticate", "Bearer");
  if (!retry_after_.empty()) head.fields.add("Retry-After", std::exchange(retry_after_, {}));
  reply(std::move(head), http::error_body(why, text));
}

}  // namespace troupe::actors
