// The pages a node answers itself: /health, /ready, /version, /metrics, /v1/models.

#include <string>

#include "actors/stream/stream.hpp"
#include "runtime/ask.hpp"
#include "runtime/json_string.hpp"
#include "runtime/version.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::actors {

namespace http = transport::http;

namespace {

constexpr std::chrono::milliseconds listing_timeout{2'000};

std::string models_json(const model_listing& listing, const api_key* key) {
  std::string out = R"({"object":"list","data":[)";
  for (const auto& card : listing.models) {
    if (key != nullptr && !key->may_use(card.id)) continue;
    if (out.back() != '[') out += ',';
    out += card.json;
  }
  return out + "]}";
}

std::string status_json(std::string_view status) {
  std::string out = R"({"status":)";
  append_json_string(out, status);
  return out + "}";
}

std::string ready_json(std::string_view status, const model_listing& listing) {
  auto out = status_json(status);
  out.back() = ',';
  out += R"("engines":[)";
  for (const auto& engine : listing.engines) {
    if (out.back() != '[') out += ',';
    out += R"({"name":)";
    append_json_string(out, engine.name);
    out += engine.up ? R"(,"up":true,"requests":)" : R"(,"up":false,"requests":)";
    out += std::to_string(engine.load) + "}";
  }
  return out + "]}";
}

bool has_engine(const model_listing& listing) {
  for (const auto& engine : listing.engines) {
    if (engine.up) return true;
  }
  return false;
}

}  // namespace

bool stream::answer_page(const http::request& message) {
  auto path = message.path();
  bool known = path == "/health" || path == "/ready" || path == "/version" || path == "/metrics" ||
               path == "/v1/models";
  if (!known) return false;
  if (message.method != "GET" && message.method != "HEAD") {
    fail_request(errc::method_not_allowed,
                 message.method + " is not allowed on " + std::string{path} + "; use GET");
  } else if (path == "/health") {
    const auto ending = context_.ending();
    reply_json(200, status_json(ending.empty() ? "healthy" : ending));
  } else if (path == "/version") {
    reply_json(200, R"({"version":")" + std::string{version()} + R"("})");
  } else if (path == "/metrics") {
    http::response_head head;
    head.fields.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    reply(std::move(head), context_.metrics_page());
  } else if (path == "/ready") {
    answer_ready();
  } else {
    answer_models();
  }
  return true;
}

void stream::answer_models() {
  const auto& router = context_.router.get();
  if (!router) return reply_json(200, models_json({}, key_.get()));
  phase_ = phase::routing;
  ask(
      this, router, listing_timeout, get_models{},
      [this](const model_listing& listing) { reply_json(200, models_json(listing, key_.get())); },
      [this](const caf::error& error) {
        fail_request(errc::overloaded, "the router did not answer: " + failure_text(error));
      });
}

void stream::answer_ready() {
  const auto& router = context_.router.get();
  const std::string ending{context_.ending()};
  if (!router) return reply_json(503, ready_json(ending.empty() ? "starting" : ending, {}));
  phase_ = phase::routing;
  ask(
      this, router, listing_timeout, get_models{},
      [this, ending](const model_listing& listing) {
        const bool can_serve = has_engine(listing);
        const std::string status = can_serve ? "ready" : "no engine is up";
        reply_json(can_serve && ending.empty() ? 200 : 503,
                   ready_json(ending.empty() ? status : ending, listing));
      },
      [this](const caf::error&) { reply_json(503, ready_json("the router did not answer", {})); });
}

}  // namespace troupe::actors
