#include "apps/admin_order.hpp"

#include <utility>

#include "apps/engine_files.hpp"
#include "config/topology_reader.hpp"
#include "runtime/errc.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::apps {

namespace http = transport::http;

namespace {

admin_order refuse(unsigned status, std::string_view text) {
  return {.status = status, .refusal = http::refusal_body(status, text)};
}

admin_order refuse(errc code, std::string_view text) {
  return {.status = http::status_of(code), .refusal = http::error_body(code, text)};
}

admin_order read_addition(std::string_view body, const engine_table& engines) {
  auto read = config::parse_engine(body, "body");
  if (!read.mistakes.empty()) {
    return refuse(errc::invalid_request, config::to_string(read.mistakes));
  }
  for (const auto& why : {missing_file(read.value), engines.conflict(read.value)}) {
    if (!why.empty()) return refuse(errc::invalid_request, why);
  }
  admin_order order;
  order.call.verb = admin_verb::add;
  order.added = std::move(read.value);
  return order;
}

}  // namespace

admin_order read_order(const http::request& message, std::string_view token,
                       const engine_table& engines) {
  if (is_from_a_page(message)) return refuse(403, "requests of web pages are not served here");
  if (!is_authorised(message, token)) {
    return refuse(401, "send the token as `Authorization: Bearer TOKEN`");
  }
  auto call = read_admin_call(message.method, message.target);
  if (!call) {
    return refuse(failure_code(call.error(), errc::not_found), failure_text(call.error()));
  }
  if (call->verb == admin_verb::add) return read_addition(message.body, engines);
  if (!call->engine.empty() && !engines.contains(call->engine)) {
    return refuse(errc::not_found, "there is no engine '" + call->engine + "'");
  }
  if (call->verb == admin_verb::resume && engines.is_leaving(call->engine)) {
    return refuse(errc::invalid_request, "'" + call->engine + "' is being removed");
  }
  return {.call = std::move(*call)};
}

}  // namespace troupe::apps
