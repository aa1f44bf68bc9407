#include "engine/embedded/serve/api_session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "engine/embedded/serve/api_control.hpp"
#include "engine/embedded/serve/api_info.hpp"
#include "engine/embedded/serve/api_render.hpp"
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
using command = std::optional<api_error> (*)(std::string_view query, const api_context&);

std::string nothing(const api_context&) {
  return {};
}

// This engine is rank 0 of one; a header that is no number counts for nothing, as in vLLM.
std::optional<api_error> check_rank(std::string_view header) {
  std::int64_t rank = 0;
  const auto* end = header.data() + header.size();
  const auto read = std::from_chars(header.data(), end, rank);
  if (read.ec != std::errc{} || read.ptr != end || rank == 0) return std::nullopt;
  return api_error{errc::invalid_request,
                   "data_parallel_rank " + std::to_string(rank) + " is out of range [0, 1).",
                   "X-data-parallel-rank"};
}

std::string metrics_body(const api_context& context) {
  return context.metrics->render(context.engine->stats());
}

}  // namespace

// What a path takes and gives; exactly one of make, read, kind and run is set.
struct api_session::endpoint {
  std::string_view path;
  std::string_view method;
  const char* content_type = json_type;
  body_maker make = nullptr;
  body_reader read = nullptr;
  std::optional<api_kind> kind = std::nullopt;
  command run = nullptr;
  const char* done = "";  // the body once `run` has run
};

const api_session::endpoint* api_session::find_endpoint(std::string_view path) {
  static const auto table = std::to_array<endpoint>({
      {"/v1/chat/completions", "POST", json_type, nullptr, nullptr, api_kind::chat},
      {"/v1/completions", "POST", json_type, nullptr, nullptr, api_kind::completion},
      {"/inference/v1/generate", "POST", json_type, nullptr, nullptr, api_kind::tokens},
      {"/inference/v1/abort_requests", "POST", json_type, nullptr, abort_requests},
      {"/v1/chat/completions/render", "POST", json_type, nullptr, render_chat_body},
      {"/v1/completions/render", "POST", json_type, nullptr, render_completion_body},
      {"/tokenize", "POST", json_type, nullptr, tokenize_body},
      {"/detokenize", "POST", json_type, nullptr, detokenize_body},
      {"/v1/models", "GET", json_type, models_body},
      {"/health", "GET", json_type, nothing},
      {"/ping", "GET", json_type, nothing},
      {"/version", "GET", json_type, [](const api_context&) { return version_body(); }},
      {"/load", "GET", json_type, load_body},
      {"/kv_event_sources", "GET", json_type,
       [](const api_context& context) { return context.kv_event_sources; }},
      {"/metrics", "GET", metrics_type, metrics_body},
      {"/is_sleeping", "GET", json_type, is_sleeping_body},
      {"/sleep", "POST", json_type, nullptr, nullptr, std::nullopt, put_to_sleep},
      {"/wake_up", "POST", json_type, nullptr, nullptr, std::nullopt, wake_up},
      {"/reset_prefix_cache", "POST", json_type, nullptr, nullptr, std::nullopt, reset_prefix_cache,
       R"({"success":true})"},
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
            {}},
           to->method);
  } else {
    answer(*to, message);
  }
}

void api_session::answer(const endpoint& to, const transport::http::request& message) {
  if (to.kind) return generate(*to.kind, message);
  if (to.make != nullptr) return answer_with(to.make(context_), to.content_type);
  if (to.run != nullptr) {
    const auto target = std::string_view{message.target};
    const auto query = target.substr(std::min(message.path().size() + 1, target.size()));
    if (const auto fault = to.run(query, context_)) return refuse(*fault);
    return answer_with(to.done, to.content_type);
  }
  std::optional<api_error> fault;
  const auto body = parse_body(message.body, fault);
  if (fault) return refuse(*fault);
  field_reader fields{body};
  auto reply = to.read(fields, context_);
  if (fields.fault()) return refuse(*fields.fault());
  answer_with(std::move(reply), to.content_type);
}

void api_session::generate(api_kind kind, const transport::http::request& message) {
  auto fault = check_rank(message.fields.find("X-data-parallel-rank"));
  if (fault) return refuse(*fault);
  const auto object = parse_body(message.body, fault);
  if (fault) return refuse(*fault);
  field_reader fields{object};
  auto request = read_request(fields, kind, context_);
  if (fields.fault()) return refuse(*fields.fault());
  // The header wins over the body, as in vLLM.
  if (!message.fields.contains("X-Request-Id") && !request.id.empty()) request_id_ = request.id;
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
  if (!body.empty()) head.fields.set("Content-Type", content_type);
  head.fields.set("X-Request-Id", request_id_);
  client_.send(std::move(head), std::move(body));
}

void api_session::refuse(const api_error& error, std::string_view allowed) {
  using namespace transport::http;
  log::debug("request refused", {{"request_id", request_id_}, {"reason", error.message}});
  response_head head;
  head.status = status_of(error.code);
  head.fields.set("Content-Type", json_type);
  if (!allowed.empty()) head.fields.set("Allow", allowed);
  head.fields.set("X-Request-Id", request_id_);
  client_.send(std::move(head), error_body(error.code, error.message, error.param));
}

}  // namespace troupe::engine
