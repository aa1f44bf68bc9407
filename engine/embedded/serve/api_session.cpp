#include "engine/embedded/serve/api_session.hpp"

#include <array>
#include <optional>
#include <utility>

#include "engine/embedded/serve/api_info.hpp"
#include "engine/embedded/serve/api_request.hpp"
#include "runtime/log.hpp"
#include "runtime/request_ids.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::engine {

namespace {

constexpr const char* json_type = "application/json";
constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

using body_reader = std::string (*)(field_reader&, const api_context&);
using body_maker = std::string (*)(const api_context&);

std::string nothing(const api_context&) {
  return {};
}

std::string metrics_body(const api_context& context) {
  return context.metrics->render(context.engine->stats());
}

}  // namespace

// What a path takes and gives; exactly one of the last three is set.
struct api_session::endpoint {
  std::string_view path;
  std::string_view method;
  const char* content_type = json_type;
  body_maker make = nullptr;
  body_reader read = nullptr;
  std::optional<api_kind> kind = std::nullopt;
};

const api_session::endpoint* api_session::find_endpoint(std::string_view path) {
  static const auto table = std::to_array<endpoint>({
      {"/v1/chat/completions", "POST", json_type, nullptr, nullptr, api_kind::chat},
      {"/v1/completions", "POST", json_type, nullptr, nullptr, api_kind::completion},
      {"/tokenize", "POST", json_type, nullptr, tokenize_body},
      {"/detokenize", "POST", json_type, nullptr, detokenize_body},
      {"/v1/models", "GET", json_type, models_body},
      {"/health", "GET", json_type, nothing},
      {"/ping", "GET", json_type, nothing},
      {"/version", "GET", json_type, [](const api_context&) { return version_body(); }},
      {"/load", "GET", json_type, load_body},
      {"/metrics", "GET", metrics_type, metrics_body},
  });
  for (const auto& e : table) {
    if (e.path == path) return &e;
  }
  return nullptr;
}

void api_session::on_request(transport::http::request message) {
  request_id_ = request_id_or_new(message.fields.find("X-Request-Id"));
  const auto* to = find_endpoint(message.path());
  if (to == nullptr) {
    refuse({errc::not_found, "no such path: " + std::string{message.path()}, {}});
  } else if (message.method != to->method) {
    refuse({errc::method_not_allowed,
            std::string{to->path} + " takes " + std::string{to->method} + ", not " + message.method,
            {}});
  } else if (to->kind) {
    generate(*to->kind, message.body);
  } else if (to->make != nullptr) {
    answer_with(to->make(context_), to->content_type);
  } else {
    std::optional<api_error> fault;
    const auto body = parse_body(message.body, fault);
    if (fault) return refuse(*fault);
    field_reader fields{body};
    auto reply = to->read(fields, context_);
    if (fields.fault()) return refuse(*fields.fault());
    answer_with(std::move(reply), to->content_type);
  }
}

void api_session::generate(api_kind kind, const std::string& body) {
  std::optional<api_error> fault;
  const auto object = parse_body(body, fault);
  if (fault) return refuse(*fault);
  field_reader fields{object};
  auto request = read_request(fields, kind, context_);
  if (fields.fault()) return refuse(*fields.fault());
  log::debug("request accepted", {{"request_id", request_id_},
                                  {"prompts", request.prompts.size()},
                                  {"prompt_tokens", request.prompts.front().prompt.size()}});
  answer_ = std::make_shared<api_answer>(context_, client_, std::move(request), request_id_);
  answer_->start([this] { answer_.reset(); });
}

void api_session::on_close() {
  if (answer_) answer_->abandon();
  answer_.reset();
}

void api_session::answer_with(std::string body, const char* content_type) {
  transport::http::response_head head;
  head.fields.set("Content-Type", content_type);
  head.fields.set("X-Request-Id", request_id_);
  client_.send(std::move(head), std::move(body));
}

void api_session::refuse(const api_error& error) {
  using namespace transport::http;
  log::debug("request refused", {{"request_id", request_id_}, {"reason", error.message}});
  response_head head;
  head.status = status_of(error.code);
  head.fields.set("Content-Type", json_type);
  head.fields.set("X-Request-Id", request_id_);
  client_.send(std::move(head), error_body(error.code, error.message, error.param));
}

}  // namespace troupe::engine
