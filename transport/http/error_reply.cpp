#include "transport/http/error_reply.hpp"

#include <array>
#include <string>

#include "runtime/json_string.hpp"

namespace troupe::transport::http {

namespace {

struct row {
  errc code;
  unsigned status;
  std::string_view type;
};

constexpr auto table = std::to_array<row>({
    {errc::io_error, 500, "InternalServerError"},
    {errc::invalid_request, 400, "BadRequestError"},
    {errc::unknown_model, 404, "NotFoundError"},
    {errc::not_found, 404, "NotFoundError"},
    {errc::method_not_allowed, 405, "MethodNotAllowedError"},
    {errc::payload_too_large, 413, "PayloadTooLargeError"},
    {errc::headers_too_large, 431, "HeadersTooLargeError"},
    {errc::overloaded, 503, "ServiceUnavailableError"},
    {errc::too_many_requests, 429, "RateLimitError"},
    {errc::no_engine, 503, "ServiceUnavailableError"},
    {errc::connect_failed, 502, "BadGatewayError"},
    {errc::connection_lost, 502, "BadGatewayError"},
    {errc::timeout, 504, "GatewayTimeoutError"},
    {errc::protocol_error, 502, "BadGatewayError"},
    {errc::cancelled, 503, "ServiceUnavailableError"},
    {errc::invalid_config, 500, "InternalServerError"},
    {errc::malformed_file, 500, "InternalServerError"},
    {errc::unsupported, 400, "BadRequestError"},
    {errc::exceeds_kv, 400, "BadRequestError"},
    {errc::process_died, 502, "BadGatewayError"},
});

const row& row_of(errc code) {
  for (const auto& r : table) {
    if (r.code == code) return r;
  }
  return table.front();
}

// Body of an error of any type; the code is JSON already.
std::string body_of(std::string_view message, std::string_view type, std::string_view param,
                    std::string_view code) {
  std::string out = R"({"error":{"message":)";
  append_json_string(out, message);
  out += R"(,"type":)";
  append_json_string(out, type);
  out += R"(,"param":)";
  if (param.empty()) {
    out += "null";
  } else {
    append_json_string(out, param);
  }
  out.append(R"(,"code":)").append(code).append("}}");
  return out;
}

std::string body_of(std::string_view message, std::string_view type, std::string_view param,
                    unsigned status) {
  return body_of(message, type, param, std::string_view{std::to_string(status)});
}

}  // namespace

unsigned status_of(errc code) {
  return row_of(code).status;
}

std::string_view type_of(errc code) {
  return row_of(code).type;
}

std::string error_body(errc code, std::string_view message, std::string_view param) {
  const auto& r = row_of(code);
  return body_of(message, r.type, param, r.status);
}

std::string error_body(const api_refusal& why, std::string_view message) {
  std::string code;
  append_json_string(code, why.code);
  return body_of(message, why.type, {}, std::string_view{code});
}

std::string refusal_body(unsigned status, std::string_view message) {
  for (const auto& r : table) {
    if (r.status == status) return body_of(message, r.type, {}, status);
  }
  return body_of(message, status < 500 ? "BadRequestError" : "InternalServerError", {}, status);
}

std::string error_event(errc code, std::string_view message) {
  return "data: " + error_body(code, message) + "\n\n";
}

}  // namespace troupe::transport::http
